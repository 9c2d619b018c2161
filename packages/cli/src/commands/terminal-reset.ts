import { TillcastError } from '@tillcast/protocol/errors';
import type { ExportAnswer } from '@tillcast/protocol/http/till-api';
import { type CliCommand, defineCommand } from '../command.ts';
import { EXPORT_FLAG, readExport } from '../input/export-flag.ts';
import { usageError } from '../input/parse.ts';
import { confirm } from '../input/standard-input.ts';
import { DATA_DIR_FLAG, tillEnvironment } from '../input/till-environment.ts';

interface Reset {
  readonly reset: true;
  /** Null where no sale waited. */
  readonly exported: ExportAnswer | null;
}

interface Wanted {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly sure: boolean;
  readonly exports: boolean;
}

export const terminalReset: CliCommand = defineCommand<Wanted, Reset>({
  description:
    'Make this machine’s till forget who it is: its identity, its key and its copy of the catalog. It refuses while the till runs, and while sales wait to be sent, unless a manager exports them first. The server still counts the terminal that it was, until an operator revokes it.',
  examples: ['tillcast terminal reset', 'tillcast terminal reset --yes', 'tillcast terminal reset --export'],
  flags: [DATA_DIR_FLAG, { flags: '--yes', description: 'Do not ask first' }, EXPORT_FLAG],
  local: true,
  validate: (given, context) => ({
    environment: tillEnvironment(given, context),
    sure: given.isOn('yes'),
    exports: given.isOn('export'),
  }),
  run: async ({ environment, sure, exports }, context) => {
    const { parseTerminalConfig, readIdentity, resetTill } = await import('@tillcast/terminal');
    const config = parseTerminalConfig(environment);
    // The lines of a pipe are the manager's.
    if (!sure && !exports)
      await ask(nameOf(() => readIdentity(config.dataDir)?.name) ?? `the till in ${config.dataDir}`);
    const exported = await resetTill(config, exports ? await readExport(context) : null);
    return { reset: true, exported };
  },
  print: ({ exported }, { err, errStyles }) => {
    if (exported !== null) err.write(`${errStyles.ok('exported')}  ${exportedText(exported)}\n`);
    err.write(`${errStyles.ok('reset')}  This till is nobody’s now: \`tillcast terminal activate\`.\n`);
  },
});

/** Where an export is, in words. */
export function exportedText({ file, count }: ExportAnswer): string {
  return `${count} ${count === 1 ? 'sale is' : 'sales are'} in ${file}, which the passphrase opens.`;
}

async function ask(till: string): Promise<void> {
  if (!process.stdin.isTTY) throw usageError('Nobody can be asked here: give --yes to reset the till.');
  if (!(await confirm(`Make ${till} forget its license, its key and its catalog?`))) {
    throw usageError('Nothing was reset.');
  }
}

/** An identity that cannot be read is a reason for a reset, not against it. */
function nameOf(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TillcastError) return undefined;
    throw error;
  }
}
