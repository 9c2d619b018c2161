import type { License } from '@tillcast/protocol/http/admin-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { licenseLines } from '../output/license-lines.ts';

export const licenseShow: CliCommand = defineCommand<LicenseKey, License>({
  description: 'Show one license: its standing, and where its catalog stands.',
  examples: ['tillcast license show EXTRO-LIFE-ABC123'],
  arguments: [{ name: 'key', description: 'The license key' }],
  flags: [],
  validate: (given) => parseLicenseKey(given.argument(0)),
  run: (key, context) => withClient(context, (client) => client.license(key)),
  print: (license, context) => context.out.write(licenseLines(license, context)),
});
