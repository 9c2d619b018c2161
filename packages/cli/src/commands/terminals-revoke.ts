import type { TerminalStatus } from '@tillcast/protocol/http/admin-api';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { parseTerminalId } from '../input/terminal-id.ts';
import { standingWord } from './terminals-list.ts';

export const terminalsRevoke: CliCommand = defineCommand<string, TerminalStatus>({
  description:
    'Revoke a terminal, for good: nothing more reaches it, and its place is free. Sales that it took before may still be sent for a while.',
  examples: ['tillcast terminals revoke 0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10'],
  arguments: [{ name: 'id', description: 'The terminal’s id' }],
  flags: [],
  validate: (given) => parseTerminalId(given.argument(0)),
  run: (id, context) => withClient(context, (client) => client.revokeTerminal(id)),
  print: (terminal, context) => {
    const { terminal_id, name, license_key } = terminal;
    context.out.write(`${standingWord(terminal, context)}  ${terminal_id}, ${name}, of ${license_key}\n`);
  },
});
