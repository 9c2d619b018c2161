import type { CurrentToken } from '@tillcast/terminal';
import { type CliCommand, defineCommand } from '../command.ts';
import { DATA_DIR_FLAG, tillEnvironment } from '../input/till-environment.ts';

export const terminalToken: CliCommand = defineCommand<
  Readonly<Record<string, string | undefined>>,
  CurrentToken
>({
  description:
    'Print an access token of this machine’s till to stdout, for looking at the sync API or the broker with other clients: a secret until it ends. With --json its scopes, its end and the broker’s address too.',
  examples: [
    'tillcast terminal token --json',
    'curl -H @<(echo "Authorization: Bearer $(tillcast terminal token)") http://localhost:8080/api/v1/sync/version',
  ],
  flags: [DATA_DIR_FLAG],
  local: true,
  validate: tillEnvironment,
  run: async (environment) => {
    const { currentToken, parseTerminalConfig } = await import('@tillcast/terminal');
    return currentToken(parseTerminalConfig(environment));
  },
  print: ({ token }, { out }) => out.write(`${token}\n`),
  json: ({ token, scopes, expiresAt, terminalId, brokerUrls }) => ({
    access_token: token,
    scopes,
    expires_at: expiresAt.toISOString(),
    broker: { urls: brokerUrls, username: terminalId },
  }),
});
