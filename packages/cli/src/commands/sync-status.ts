import type { License, TerminalStatus } from '@tillcast/protocol/http/admin-api';
import { SILENT_AFTER_MS } from '@tillcast/protocol/http/fleet-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import { columns } from '../output/columns.ts';
import { ago, counted } from '../output/figures.ts';

interface Standing {
  /** The server's time: by its clock the tills were seen. */
  readonly at: string;
  readonly license: License;
  readonly terminals: readonly TerminalStatus[];
}

export const syncStatus: CliCommand = defineCommand<LicenseKey | null, readonly Standing[]>({
  description:
    'Show where each license’s changes stand, and how current each of its tills was by its last report.',
  examples: ['tillcast sync status', 'tillcast sync status --license EXTRO-LIFE-ABC123 --json'],
  flags: [{ flags: '--license <key>', description: 'Only this license' }],
  validate: (given) => {
    const license = given.text('license');
    return license === undefined ? null : parseLicenseKey(license);
  },
  run: (key, context) =>
    withClient(context, async (client) => {
      const [licenses, { at, terminals }] = await Promise.all([
        key === null ? client.licenses() : client.license(key).then((license) => [license]),
        client.terminalList(),
      ]);
      return licenses.map((license) => ({
        at,
        license,
        terminals: terminals.filter((terminal) => terminal.license_key === license.key).sort(worstFirst),
      }));
    }),
  print: (standings, context) => {
    for (const [index, standing] of standings.entries()) {
      if (index > 0) context.out.write('\n');
      printStanding(standing, context);
    }
    if (standings.length === 0)
      context.err.write('There are no licenses yet: `tillcast license create KEY` makes one.\n');
  },
  json: (standings) => ({
    licenses: standings.map(({ at, license, terminals }) => ({ ...license, at, terminals })),
  }),
});

function worstFirst(a: TerminalStatus, b: TerminalStatus): number {
  return (
    (b.behind ?? Infinity) - (a.behind ?? Infinity) ||
    (a.last_seen_at ?? '').localeCompare(b.last_seen_at ?? '')
  );
}

function printStanding({ at, license, terminals }: Standing, context: CliContext): void {
  const { accent, bold, muted } = context.outStyles;
  const waiting = license.version - license.published_version;
  const published = waiting === 0 ? 'all published' : `${counted(waiting, 'change')} not published yet`;
  const ended = license.status === 'active' ? '' : `, ${license.status}`;
  context.out.write(
    `${bold(license.key)} ${license.name}${ended}\n${accent(`v${license.version}`)}, ${published}, ${counted(license.items, 'item')}\n`,
  );
  if (terminals.length === 0) {
    context.out.write(muted('No till has reported yet.\n'));
    return;
  }
  context.out.write(
    columns(
      HEAD.map(muted),
      terminals.map((terminal) => cells(terminal, at, context)),
    ),
  );
}

const HEAD = ['By its last report', 'Terminal', 'Version', 'Behind', 'Content', 'Unsent sales', 'Last seen'];

function cells(terminal: TerminalStatus, at: string, context: CliContext): readonly string[] {
  return [
    word(terminal, at, context),
    terminal.terminal_id,
    terminal.version === null ? 'none' : `v${terminal.version}`,
    terminal.behind === null ? 'unknown' : String(terminal.behind),
    terminal.digest_matches === null ? 'not compared' : terminal.digest_matches ? 'the same' : 'differs',
    String(terminal.unsent_sales),
    terminal.last_seen_at === null ? 'never' : ago(Date.parse(at) - Date.parse(terminal.last_seen_at)),
  ];
}

/** `current` only of what was heard lately, and whose content is the server's of that version. */
function word(terminal: TerminalStatus, at: string, { outStyles }: CliContext): string {
  const { standing, digest_matches: sameContent, behind, last_seen_at: seen } = terminal;
  if (standing === 'revoked') return outStyles.failed('revoked');
  if (sameContent === false) return outStyles.failed('differs');
  if (seen === null || Date.parse(at) - Date.parse(seen) > SILENT_AFTER_MS)
    return outStyles.warning('not heard of');
  return behind === 0 && sameContent === true ? outStyles.ok('current') : outStyles.warning('behind');
}
