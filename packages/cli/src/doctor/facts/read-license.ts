import { asTillcastError } from '@tillcast/protocol/errors';
import type { License } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { readIdentity } from '@tillcast/terminal';
import { withClient } from '../../api/with-client.ts';
import type { CliContext } from '../../context.ts';
import type { Place } from '../place.ts';
import type { ApiAddress } from './ask-api.ts';
import { type Known, known, unknown } from './facts.ts';

/** The license as the operator sees it: the one that was named, else this machine's till's. */
export async function readLicense(
  place: Place,
  context: CliContext,
  { url }: ApiAddress,
  named: LicenseKey | null,
): Promise<Known<License>> {
  const key = named ?? licenseOfTill(place);
  if (key === null) return unknown('no license was named: --license KEY');
  try {
    const asked = { ...context, env: place.env, url };
    return known(await withClient(asked, (client) => client.license(key)));
  } catch (error) {
    const { code, message } = asTillcastError(error);
    const isTold = code === 'license_not_found';
    return unknown(isTold ? message : `${key} could not be asked for: ${message}`);
  }
}

function licenseOfTill({ tillDir }: Place): LicenseKey | null {
  if (tillDir === null) return null;
  try {
    return readIdentity(tillDir)?.license_key ?? null;
  } catch (error) {
    // Its file is looked at by a check of its own.
    if (error instanceof Error) return null;
    throw error;
  }
}
