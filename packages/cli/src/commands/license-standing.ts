import type { License } from '@tillcast/protocol/http/admin-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import type { AdminClient } from '../api/admin-client.ts';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { standingWord } from '../output/license-lines.ts';

function standingCommand(
  verb: 'suspend' | 'resume' | 'revoke',
  description: string,
  act: (client: AdminClient, key: LicenseKey) => Promise<License>,
): CliCommand {
  return defineCommand<LicenseKey, License>({
    description,
    examples: [`tillcast license ${verb} EXTRO-1MTR-TRIAL7`],
    arguments: [{ name: 'key', description: 'The license key' }],
    flags: [],
    validate: (given) => parseLicenseKey(given.argument(0)),
    run: (key, context) => withClient(context, (client) => act(client, key)),
    print: (license, context) => {
      context.out.write(`${standingWord(license, context)}  ${license.key}, v${license.version}\n`);
    },
  });
}

export const licenseSuspend: CliCommand = standingCommand(
  'suspend',
  'Suspend a license: its tills are refused until it is resumed. Nothing of it is deleted.',
  (client, key) => client.suspend(key),
);

export const licenseResume: CliCommand = standingCommand(
  'resume',
  'Resume a suspended license: its tills catch up by themselves.',
  (client, key) => client.resume(key),
);

export const licenseRevoke: CliCommand = standingCommand(
  'revoke',
  'Revoke a license, for good: its tills are refused, and it can be neither resumed nor changed. Sales that they took before may still be sent for a while.',
  (client, key) => client.revoke(key),
);
