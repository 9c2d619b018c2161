import { FLEET_BEHIND_MAX, type FleetBehind } from '@tillcast/protocol/http/fleet-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { parseInteger } from '../input/parse.ts';
import { count } from '../output/figures.ts';
import { tillTable } from '../output/till-lines.ts';

interface Wanted {
  readonly license: LicenseKey | null;
  readonly limit: number;
}

export const fleetBehind: CliCommand = defineCommand<Wanted, FleetBehind>({
  description:
    'List the tills that are not current by their last reports, the worst first: their content differs, they are behind, or they were not heard of for 35 s.',
  examples: [
    'tillcast fleet behind',
    'tillcast fleet behind --license EXTRO-LIFE-ABC123 --limit 1000 --json',
  ],
  flags: [
    { flags: '--license <key>', description: 'Only this license' },
    { flags: '--limit <count>', description: `How many, up to ${FLEET_BEHIND_MAX}`, fallback: '100' },
  ],
  validate: (given) => {
    const license = given.text('license');
    return {
      license: license === undefined ? null : parseLicenseKey(license),
      limit: parseInteger(given.text('limit') ?? '100', '--limit', 1, FLEET_BEHIND_MAX),
    };
  },
  run: ({ license, limit }, context) => withClient(context, (client) => client.fleetBehind(license, limit)),
  print: ({ at, total, terminals }, context) => {
    if (terminals.length === 0) {
      context.err.write('Every till is current.\n');
      return;
    }
    context.out.write(tillTable(terminals, at, context));
    if (total > terminals.length) {
      context.err.write(`These are ${count(terminals.length)} of ${count(total)}: --limit shows more.\n`);
    }
  },
});
