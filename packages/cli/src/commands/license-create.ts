import type { CreatedLicense, CreateLicense } from '@tillcast/protocol/http/admin-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { licenseFieldsOf, NAME_FLAG, TERMINALS_FLAG } from '../input/license-fields.ts';
import { VALID_UNTIL_FLAG } from '../input/valid-until.ts';
import { printActivationCode } from '../output/activation-code.ts';
import { licenseLines } from '../output/license-lines.ts';

export const licenseCreate: CliCommand = defineCommand<CreateLicense, CreatedLicense>({
  description:
    'Create a license with an empty catalog. Its key says its term: EXTRO-LIFE-… has no end, EXTRO-1MTR-… one month, EXTRO-3MTR-… three. Its activation code, with which tills become its terminals, is shown this once.',
  examples: [
    'tillcast license create EXTRO-LIFE-CAFE01 --name "Café Nord" --terminals 4',
    'tillcast license create EXTRO-1MTR-TRIAL7 --valid-until 2027-01-31',
  ],
  arguments: [{ name: 'key', description: 'The license key' }],
  flags: [
    NAME_FLAG,
    { ...VALID_UNTIL_FLAG, fallback: 'as the key’s term says' },
    { ...TERMINALS_FLAG, fallback: '10' },
  ],
  validate: (given) => ({ key: parseLicenseKey(given.argument(0)), ...licenseFieldsOf(given) }),
  run: (license, context) => withClient(context, (client) => client.createLicense(license)),
  print: (license, context) => {
    context.out.write(`${context.outStyles.ok('created')}\n${licenseLines(license, context)}`);
    printActivationCode(
      license.activation_code,
      context,
      'A till becomes a terminal of the license with it: `tillcast terminal activate`.',
    );
  },
});
