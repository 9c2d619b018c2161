import type { License, TerminalStatus } from '@tillcast/protocol/http/admin-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import { columns } from '../output/columns.ts';
import { ago, counted } from '../output/figures.ts';

interface Standing {
  readonly license: License;
  readonly terminals: readonly TerminalStatus[];
}

/** A till reports every 15 s at the latest; one that missed two reports is out of touch. */
const SILENT_AFTER_MS = 35_000;

export const syncStatus: CliCommand = defineCommand<LicenseKey | null, readonly Standing[]>({
  description: 'Show where each license’s changes stand, and how current each of its tills last said to be.',
  examples: ['tillcast sync status', 'tillcast sync status --license EXTRO-LIFE-ABC123 --json'],
  flags: [{ flags: '--license <key>', description: 'Only this license' }],
  validate: (given) => {
    const license = given.text('license');
    return license === undefined ? null : parseLicenseKey(license);
  },
  run: (key, context) =>
    withClient(context, async (client) => {
      const [licenses, terminals] = await Promise.all([
        key === null ? client.licenses() : client.license(key).then((license) => [license]),
        client.terminals(),
      ]);
      return licenses.map((license) => ({
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
  json: (standings) => ({ licenses: standings.map(({ license, terminals }) => ({ ...license, terminals })) }),
});

function worstFirst(a: TerminalStatus, b: TerminalStatus): number {
  return (
    (b.behind ?? Infinity) - (a.behind ?? Infinity) ||
    (a.last_seen_at ?? '').localeCompare(b.last_seen_at ?? '')
  );
}

function printStanding({ license, terminals }: Standing, context: CliContext): void {
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
      terminals.map((terminal) => cells(terminal, context)),
    ),
  );
}

const HEAD = ['Status', 'Terminal', 'Version', 'Behind', 'Content', 'Unsent sales', 'Last seen'];

function cells(terminal: TerminalStatus, context: CliContext): readonly string[] {
  return [
    word(terminal, context),
    terminal.terminal_id,
    terminal.version === null ? 'none' : `v${terminal.version}`,
    terminal.behind === null ? 'unknown' : String(terminal.behind),
    terminal.digest_matches === null ? 'not compared' : terminal.digest_matches ? 'the same' : 'differs',
    String(terminal.unsent_sales),
    terminal.last_seen_at === null ? 'never' : ago(Date.now() - Date.parse(terminal.last_seen_at)),
  ];
}

function word(terminal: TerminalStatus, { outStyles }: CliContext): string {
  if (terminal.digest_matches === false) return outStyles.failed('differs');
  if (Date.now() - Date.parse(terminal.last_seen_at ?? '1970-01-01') > SILENT_AFTER_MS)
    return outStyles.warning('not seen');
  return terminal.behind === 0 ? outStyles.ok('current') : outStyles.warning('behind');
}
