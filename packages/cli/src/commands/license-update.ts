import type { License, UpdateLicense } from '@tillcast/protocol/http/admin-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { licenseFieldsOf, NAME_FLAG, TERMINALS_FLAG } from '../input/license-fields.ts';
import { usageError } from '../input/parse.ts';
import { VALID_UNTIL_FLAG } from '../input/valid-until.ts';
import { licenseLines } from '../output/license-lines.ts';

interface Input {
  readonly key: LicenseKey;
  readonly update: UpdateLicense;
}

export const licenseUpdate: CliCommand = defineCommand<Input, License>({
  description:
    'Change a license’s name, end or number of terminals; what is not given stays. With fewer terminals than are active, those stay, and no new one is let in.',
  examples: [
    'tillcast license update EXTRO-1MTR-TRIAL7 --valid-until 2027-03-31',
    'tillcast license update EXTRO-LIFE-CAFE01 --terminals 25 --name "Café Nord"',
  ],
  arguments: [{ name: 'key', description: 'The license key' }],
  flags: [NAME_FLAG, VALID_UNTIL_FLAG, TERMINALS_FLAG],
  validate: (given) => {
    const update = licenseFieldsOf(given);
    if (Object.keys(update).length === 0) {
      throw usageError('Say what to change: --name, --valid-until or --terminals.');
    }
    return { key: parseLicenseKey(given.argument(0)), update };
  },
  run: ({ key, update }, context) => withClient(context, (client) => client.updateLicense(key, update)),
  print: (license, context) => {
    context.out.write(`${context.outStyles.ok('changed')}\n${licenseLines(license, context)}`);
  },
});
