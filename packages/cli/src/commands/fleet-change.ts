import type { ChangeDelivery } from '@tillcast/protocol/http/fleet-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import type { AdminClient } from '../api/admin-client.ts';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { parseInteger, usageError } from '../input/parse.ts';
import { count, counted } from '../output/figures.ts';
import { tillTable, timesText } from '../output/till-lines.ts';

interface Wanted {
  readonly license: LicenseKey | null;
  readonly version: number;
}

export const fleetChange: CliCommand = defineCommand<Wanted, ChangeDelivery>({
  description: 'Show which of a license’s tills have a change, and how long it took from its commit to them.',
  examples: ['tillcast fleet change 42 --license EXTRO-LIFE-ABC123', 'tillcast fleet change 42 --json'],
  arguments: [{ name: 'version', description: 'The change’s version, such as 42' }],
  flags: [
    {
      flags: '--license <key>',
      description: 'Whose change',
      fallback: 'the license, where there is one alone',
    },
  ],
  validate: (given) => {
    const license = given.text('license');
    const version = given.argument(0).replace(/^v(?=\d)/, '');
    return {
      version: parseInteger(version, 'The version', 1, 999_999_999_999_999),
      license: license === undefined ? null : parseLicenseKey(license),
    };
  },
  run: ({ license, version }, context) =>
    withClient(context, async (client) =>
      client.changeDelivery(license ?? (await onlyLicense(client)), version),
    ),
  print: (change, context) => {
    const { bold, muted } = context.outStyles;
    const { license_key, version, type, committed_at, published, terminals, have_it, pending, delivery } =
      change;
    const waits = published ? '' : ', not published yet';
    context.out.write(`${bold(`${license_key} v${version}`)} ${type}, committed ${committed_at}${waits}\n`);
    context.out.write(
      `${count(have_it)} of ${counted(terminals, 'till')} ${have_it === 1 ? 'has' : 'have'} it\n`,
    );
    context.out.write(
      delivery === null
        ? muted('No till has reported how long it took.\n')
        : `Reported ${counted(delivery.applied, 'time')}: ${timesText(delivery)}\n`,
    );
    if (pending.length === 0) return;
    context.out.write(`\n${tillTable(pending, change.at, context)}`);
    const missing = terminals - have_it;
    if (missing > pending.length) {
      context.err.write(`These are ${count(pending.length)} of ${count(missing)} that do not have it.\n`);
    }
  },
});

async function onlyLicense(client: AdminClient): Promise<LicenseKey> {
  const [only, ...others] = await client.licenses();
  if (only !== undefined && others.length === 0) return only.key;
  throw usageError('Versions are counted in each license: say which with --license KEY.');
}
