import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentReader, PlaintextRule, readCaFile } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { type Backend, locateBackend } from '../api/locate.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import { quoted, usageError } from '../input/parse.ts';
import { confirm } from '../input/standard-input.ts';
import type { AttackRow } from './attack.ts';
import { failureLines, reportLines, rowNamed } from './report-lines.ts';
import type { AttackReport } from './run-attacks.ts';
import type { StageOptions } from './set-stage.ts';

interface Attack {
  readonly rows: readonly AttackRow[];
  readonly sure: boolean;
}

/** `tillcast doctor --attack`. */
export const attackMode: CliCommand = defineCommand<Attack, AttackReport>({
  description: 'Attack a deployment that is yours, and see whether it holds.',
  examples: [],
  flags: [],
  validate: (given) => {
    const rows = given.list('row').map((name) => {
      const row = rowNamed(name);
      if (row === undefined) throw usageError(`${quoted(name)} is no row of attacks: A1 to A10, A13 or LOG.`);
      return row;
    });
    return { rows, sure: given.isOn('yes') };
  },
  run: async ({ rows, sure }, context) => {
    const backend = await locateBackend(context);
    if (!sure && !(await confirm(`Attack ${backend.url} and its broker? They must be yours.`))) {
      throw usageError('Nothing was done: --yes says that the deployment is yours.');
    }
    const folder = await mkdtemp(join(tmpdir(), 'tillcast-attack-'));
    try {
      return await attack(await optionsOf(backend, folder, context), rows, context);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  print: (report, context) => {
    context.out.write(reportLines(report, context));
    context.err.write(failureLines(report, context));
  },
  json: (report) => ({ code: allHeld(report) ? null : 'attack_succeeded', ...report }),
  exitCode: (report) => (allHeld(report) ? 0 : 1),
});

function allHeld({ tried, refused }: AttackReport): boolean {
  return tried === refused;
}

async function attack(
  options: StageOptions,
  rows: readonly AttackRow[],
  context: CliContext,
): Promise<AttackReport> {
  const { setStage } = await import('./set-stage.ts');
  const { runAttacks } = await import('./run-attacks.ts');
  const { ATTACKS } = await import('./rows/index.ts');
  const chosen = ATTACKS.filter(({ row }) => rows.length === 0 || rows.includes(row));
  await using stage = await setStage(options);
  let done = 0;
  const { err } = context;
  const report = await runAttacks(chosen, stage, ({ id }) => {
    done += 1;
    if (err.isTTY) err.write(`\r\u001b[2K${id} (${done} of ${chosen.length})`);
  });
  if (err.isTTY) err.write('\r\u001b[2K');
  return report;
}

/** Everything that the environment says about what else may be tried. */
async function optionsOf(backend: Backend, folder: string, context: CliContext): Promise<StageOptions> {
  const reader = new EnvironmentReader(context.env);
  const databaseUrl = reader.secret('DATABASE_URL');
  if (databaseUrl !== null) {
    const { judgeDatabaseAddress } = await import('@tillcast/backend');
    judgeDatabaseAddress(reader, databaseUrl, new PlaintextRule(reader));
  }
  const guardianUrl = reader.secret('RABBITMQ_MANAGEMENT_URL');
  const options: StageOptions = {
    url: backend.url,
    apiKey: backend.apiKey,
    caPem: backend.caPem,
    amqpCaPem: readCaFile(reader, 'AMQP_CA_FILE'),
    publisherUrl: withUser(reader.secret('AMQP_URL'), 'AMQP_URL'),
    guardian: guardianUrl === null ? null : decodeURIComponent(new URL(guardianUrl).username),
    othersFindings: null,
    administratorUrl: withUser(reader.secret('RABBITMQ_ADMIN_URL'), 'RABBITMQ_ADMIN_URL'),
    databaseUrl,
    tillEnvironment: {
      TILLCAST_DATA_DIR: join(folder, 'till'),
      XDG_CONFIG_HOME: join(folder, 'settings'),
      TILLCAST_KEY_STORE: 'file',
      ...given(context, 'TILLCAST_PLAINTEXT', 'TILLCAST_PLAINTEXT'),
      ...given(context, 'AMQP_CA_FILE', 'AMQP_CA_FILE'),
      ...given(context, 'TILLCAST_CA_FILE', 'SYNC_API_CA_FILE'),
    },
  };
  reader.finish('What the attacks are told');
  return options;
}

function withUser(url: string | null, name: string): string | null {
  if (url === null || (URL.parse(url)?.username ?? '') !== '') return url;
  // Not shown: it may hold a password.
  throw new TillcastError('configuration_invalid', `${name} must be an address with user and password.`);
}

function given(context: CliContext, name: string, as: string): Readonly<Record<string, string>> {
  const value = context.env[name] ?? '';
  return value === '' ? {} : { [as]: value };
}
