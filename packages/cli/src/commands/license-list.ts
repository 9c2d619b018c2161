import type { License } from '@tillcast/protocol/http/admin-api';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { columns } from '../output/columns.ts';
import { count } from '../output/figures.ts';
import { standingWord } from '../output/license-lines.ts';

export const licenseList: CliCommand = defineCommand<undefined, readonly License[]>({
  description: 'List all licenses.',
  examples: ['tillcast license list', 'tillcast license list --json'],
  flags: [],
  validate: () => undefined,
  run: (_, context) => withClient(context, (client) => client.licenses()),
  print: (licenses, context) => {
    if (licenses.length === 0) {
      context.err.write('There are no licenses yet: `tillcast license create KEY` makes one.\n');
      return;
    }
    const rows = licenses.map((license) => [
      context.outStyles.accent(license.key),
      license.name,
      standingWord(license, context),
      license.valid_until?.slice(0, 10) ?? 'no end',
      `${license.terminals_active} of ${count(license.terminals_max)}`,
      count(license.items),
      count(license.version),
    ]);
    const head = ['License', 'Name', 'Status', 'Valid until', 'Terminals', 'Items', 'Version'];
    context.out.write(columns(head.map(context.outStyles.muted), rows));
  },
  json: (licenses) => ({ licenses }),
});
