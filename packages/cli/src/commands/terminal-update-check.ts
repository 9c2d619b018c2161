import type { ExportAnswer } from '@tillcast/protocol/http/till-api';
import { type CliCommand, defineCommand } from '../command.ts';
import { EXPORT_FLAG, readExport } from '../input/export-flag.ts';
import { DATA_DIR_FLAG, tillEnvironment } from '../input/till-environment.ts';
import { exportedText } from './terminal-reset.ts';

interface Wanted {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly exports: boolean;
}

interface Ready {
  readonly ready: true;
  readonly exported: ExportAnswer | null;
}

export const terminalUpdateCheck: CliCommand = defineCommand<Wanted, Ready>({
  description:
    'Tell whether this machine’s till may be updated now: not while the server lacks one of its sales (exit code 5), unless a manager exports them first. For the till that runs (at PORT) or that is stopped; what updates tills runs it before.',
  examples: [
    'tillcast terminal update-check && apt-get install --only-upgrade tillcast',
    'tillcast terminal update-check --export',
  ],
  flags: [DATA_DIR_FLAG, EXPORT_FLAG],
  local: true,
  validate: (given, context) => ({
    environment: tillEnvironment(given, context),
    exports: given.isOn('export'),
  }),
  run: async ({ environment, exports }, context) => {
    const { checkUpdate, parseTerminalConfig } = await import('@tillcast/terminal');
    const override = exports ? await readExport(context) : null;
    return { ready: true, exported: await checkUpdate(parseTerminalConfig(environment), override) };
  },
  print: ({ exported }, { err, errStyles }) => {
    if (exported !== null) err.write(`${errStyles.ok('exported')}  ${exportedText(exported)}\n`);
    err.write(`${errStyles.ok('ready')}  This till can be updated.\n`);
  },
});
