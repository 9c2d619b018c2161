import type { TerminalConfig, TillStanding } from '@tillcast/terminal';
import { type CliCommand, defineCommand } from '../command.ts';
import { DATA_DIR_FLAG, tillEnvironment } from '../input/till-environment.ts';
import { placeText } from './terminal-activate.ts';

/** What there is to say, and of which folder. */
interface Said {
  readonly config: TerminalConfig;
  readonly standing: TillStanding;
}

export const terminalStatus: CliCommand = defineCommand<Readonly<Record<string, string | undefined>>, Said>({
  description:
    'Show who this machine’s till is, where its key is, and whether the server lets it in now. Exit code 4 where it does not.',
  examples: ['tillcast terminal status', 'tillcast terminal status --json'],
  flags: [DATA_DIR_FLAG],
  local: true,
  validate: tillEnvironment,
  run: async (environment) => {
    const { parseTerminalConfig, tillStanding } = await import('@tillcast/terminal');
    const config = parseTerminalConfig(environment);
    return { config, standing: await tillStanding(config) };
  },
  print: ({ config, standing }, { out, outStyles }) => {
    const { identity, keyStore, token, detail } = standing;
    if (identity === null || keyStore === null) {
      out.write(`${outStyles.warning('not activated')}  ${detail}\n`);
      return;
    }
    const { name, terminal_id, license_key, backend_url, activated_at } = identity;
    out.write(
      [
        `${outStyles.bold(name)} of ${outStyles.accent(license_key)}`,
        `terminal   ${terminal_id}`,
        `activated  ${activated_at} at ${backend_url}`,
        `key        in ${placeText(keyStore)}`,
        `folder     ${config.dataDir}`,
        `token      ${token ? outStyles.ok('given') : outStyles.failed('not given')}`,
        detail,
        '',
      ].join('\n'),
    );
  },
  json: ({ standing: { identity, keyStore, token, code, detail } }) => ({
    activated: identity !== null,
    terminal_id: identity?.terminal_id ?? null,
    license_key: identity?.license_key ?? null,
    name: identity?.name ?? null,
    backend_url: identity?.backend_url ?? null,
    activated_at: identity?.activated_at ?? null,
    key_store: keyStore,
    token,
    code,
    detail,
  }),
  exitCode: ({ standing }) => (standing.token ? 0 : 4),
});
