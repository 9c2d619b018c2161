import type { FleetStatus } from '@tillcast/protocol/http/fleet-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { columns } from '../output/columns.ts';
import { count, counted } from '../output/figures.ts';
import { countsText, timesText } from '../output/till-lines.ts';

export const fleetStatus: CliCommand = defineCommand<LicenseKey | null, FleetStatus>({
  description:
    'Show how many tills are current, by their last reports, and how fast the changes of the last 24 hours reached them.',
  examples: ['tillcast fleet status', 'tillcast fleet status --license EXTRO-LIFE-ABC123 --json'],
  flags: [{ flags: '--license <key>', description: 'Only this license' }],
  validate: (given) => {
    const license = given.text('license');
    return license === undefined ? null : parseLicenseKey(license);
  },
  run: (license, context) => withClient(context, (client) => client.fleetStatus(license)),
  print: (status, context) => {
    const { accent, bold, muted } = context.outStyles;
    const { licenses, delivery, unsent_sales } = status;
    context.out.write(`${bold(countsText(status))}\n`);
    if (unsent_sales > 0) context.out.write(`${counted(unsent_sales, 'sale')} not sent yet\n`);
    context.out.write(
      delivery === null
        ? muted('No till has reported of a change of the last 24 hours.\n')
        : `${counted(delivery.changes, 'change')} in 24 hours, applied ${counted(delivery.applied, 'time')}: ${timesText(delivery)}\n`,
    );
    if (licenses.length === 0) return;
    const head = ['License', 'Version', 'Tills', 'Current', 'Behind', 'Differ', 'Not heard of'];
    const rows = licenses.map((each) => [
      accent(each.license_key),
      `v${each.version}`,
      count(each.terminals),
      count(each.current),
      count(each.behind),
      count(each.differs),
      count(each.silent),
    ]);
    context.out.write(`\n${columns(head.map(muted), rows)}`);
    if (status.current < status.terminals) context.err.write('`tillcast fleet behind` names the tills.\n');
  },
});
