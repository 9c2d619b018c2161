import { TillcastError } from '@tillcast/protocol/errors';
import { type CliCommand, defineCommand } from '../command.ts';
import { usageError } from '../input/parse.ts';
import { confirm } from '../input/standard-input.ts';
import { DATA_DIR_FLAG, tillEnvironment } from '../input/till-environment.ts';

interface Wanted {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly sure: boolean;
}

export const terminalReset: CliCommand = defineCommand<Wanted, { readonly reset: true }>({
  description:
    'Make this machine’s till forget who it is: its identity, its key and its copy of the catalog. It refuses while the till runs, and while sales wait to be sent. The server still counts the terminal that it was, until an operator revokes it.',
  examples: ['tillcast terminal reset', 'tillcast terminal reset --yes'],
  flags: [DATA_DIR_FLAG, { flags: '--yes', description: 'Do not ask first' }],
  local: true,
  validate: (given, context) => ({
    environment: tillEnvironment(given, context),
    sure: given.isOn('yes'),
  }),
  run: async ({ environment, sure }) => {
    const { parseTerminalConfig, readIdentity, resetTill } = await import('@tillcast/terminal');
    const config = parseTerminalConfig(environment);
    if (!sure) await ask(nameOf(() => readIdentity(config.dataDir)?.name) ?? `the till in ${config.dataDir}`);
    await resetTill(config);
    return { reset: true };
  },
  print: (_, { err, errStyles }) => {
    err.write(`${errStyles.ok('reset')}  This till is nobody’s now: \`tillcast terminal activate\`.\n`);
  },
});

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
