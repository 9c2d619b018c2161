import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { type CliCommand, defineCommand } from '../command.ts';
import { parseInteger, quoted, usageError } from '../input/parse.ts';
import { examinationLines } from './examination-lines.ts';
import type { Examination } from './examine.ts';
import type { Asked } from './facts/gather-facts.ts';
import type { Place } from './place.ts';

interface Input {
  readonly place: Place;
  readonly asked: Asked;
  readonly only: readonly string[];
  readonly bundle: string | null;
}

const EXIT_CODES: Readonly<Record<Examination['status'], number>> = { well: 0, warning: 1, failure: 2 };

/** `tillcast doctor` as it looks at a deployment. */
export const examineMode: CliCommand = defineCommand<Input, Examination>({
  description: 'Look at a deployment from this machine, and name what is wrong.',
  examples: [],
  flags: [],
  validate: async (given, context) => {
    const { CHECKS } = await import('./checks/index.ts');
    const { isChosen } = await import('./examine.ts');
    const { findPlace } = await import('./place.ts');
    const only = given.list('only');
    const strange = only.find((each) => !CHECKS.some(({ id }) => isChosen(id, [each])));
    if (strange !== undefined) {
      throw usageError(`${quoted(strange)} is no check: ${CHECKS.map(({ id }) => id).join(', ')}.`);
    }
    const number = (name: string, flag: string): number | undefined => {
      const text = given.text(name);
      return text === undefined ? undefined : parseInteger(text, flag, 1, 10_000_000);
    };
    const license = given.text('license');
    return {
      place: await findPlace(context, { envFile: given.text('envFile'), dataDir: given.text('dataDir') }),
      asked: {
        license: license === undefined ? null : parseLicenseKey(license),
        broker: {
          vhost: given.text('vhost'),
          maxConnections: number('maxConnections', '--max-connections'),
          nodes: number('nodes', '--nodes') ?? null,
          knownUsers: given.list('knownUser'),
        },
      },
      only,
      bundle: given.text('bundle') ?? null,
    };
  },
  run: async ({ place, asked, only, bundle }, context) => {
    const { CHECKS } = await import('./checks/index.ts');
    const { examine } = await import('./examine.ts');
    const { gatherFacts } = await import('./facts/gather-facts.ts');
    const facts = await gatherFacts(place, asked, context);
    const examination = examine(facts, CHECKS, only);
    if (bundle !== null) {
      const { writeBundle } = await import('./bundle/write-bundle.ts');
      await writeBundle(bundle, { examination, facts }, place, context);
      context.err.write(`${context.errStyles.ok(`archive written to ${bundle}, without secrets`)}\n`);
    }
    return examination;
  },
  print: (examination, context) => {
    context.out.write(examinationLines(examination, context));
  },
  exitCode: ({ status }) => EXIT_CODES[status],
});
