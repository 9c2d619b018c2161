import type { TerminalStatus } from '@tillcast/protocol/http/admin-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import { columns } from '../output/columns.ts';
import { ago } from '../output/figures.ts';

export const terminalsList: CliCommand = defineCommand<LicenseKey | null, readonly TerminalStatus[]>({
  description: 'List the terminals of all licenses, or of one: which are active, and which were revoked.',
  examples: ['tillcast terminals list', 'tillcast terminals list --license EXTRO-LIFE-CAFE01 --json'],
  flags: [{ flags: '--license <key>', description: 'Only this license’s' }],
  validate: (given) => {
    const license = given.text('license');
    return license === undefined ? null : parseLicenseKey(license);
  },
  run: (key, context) =>
    withClient(context, async (client) => {
      // Of a license that does not exist it is said so, and not that it has no terminals.
      if (key !== null) await client.license(key);
      const terminals = await client.terminals();
      return terminals.filter((terminal) => key === null || terminal.license_key === key);
    }),
  print: (terminals, context) => {
    if (terminals.length === 0) {
      context.err.write('There are no terminals yet: `tillcast terminal activate` makes a till one.\n');
      return;
    }
    const rows = terminals.map((terminal) => [
      standingWord(terminal, context),
      terminal.terminal_id,
      terminal.name === '' ? 'no name' : terminal.name,
      context.outStyles.accent(terminal.license_key),
      terminal.activated_at?.slice(0, 10) ?? 'never',
      terminal.last_seen_at === null ? 'never' : ago(Date.now() - Date.parse(terminal.last_seen_at)),
    ]);
    const head = ['Status', 'Terminal', 'Name', 'License', 'Activated', 'Last seen'];
    context.out.write(columns(head.map(context.outStyles.muted), rows));
  },
  json: (terminals) => ({ terminals }),
});

/** A terminal's standing, with its symbol. */
export function standingWord(
  { standing }: Pick<TerminalStatus, 'standing'>,
  { outStyles }: CliContext,
): string {
  if (standing === 'active') return outStyles.ok('active');
  return standing === 'revoked' ? outStyles.failed('revoked') : outStyles.warning('not activated');
}
