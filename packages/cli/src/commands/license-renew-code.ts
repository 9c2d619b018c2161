import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { printActivationCode } from '../output/activation-code.ts';

export const licenseRenewCode: CliCommand = defineCommand<LicenseKey, { readonly activation_code: string }>({
  description:
    'Give a license another activation code, which is shown this once. The one before is worth nothing from then on; terminals that are active stay so.',
  examples: ['tillcast license renew-code EXTRO-LIFE-CAFE01'],
  arguments: [{ name: 'key', description: 'The license key' }],
  flags: [],
  validate: (given) => parseLicenseKey(given.argument(0)),
  run: (key, context) => withClient(context, (client) => client.renewActivationCode(key)),
  print: ({ activation_code }, context) => {
    printActivationCode(activation_code, context, 'The code before it is worth nothing any more.');
  },
});
