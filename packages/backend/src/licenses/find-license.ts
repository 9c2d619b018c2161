import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Session } from '../database/database.ts';
import { statement } from '../database/statement.ts';
import { LICENSE_COLUMNS, type LicenseState, SELECT_LICENSE } from './license.ts';

const FIND = statement<LicenseState>('find_license', `${SELECT_LICENSE} WHERE l.key = $1`, LICENSE_COLUMNS);

/** The license of this key with where its catalog stands now, or null. */
export async function findLicense(session: Session, key: LicenseKey): Promise<LicenseState | null> {
  const [found] = await session.query(FIND, [key]);
  return found ?? null;
}

/** The same, where there must be one. @throws TillcastError `license_not_found` */
export async function getLicense(session: Session, key: LicenseKey): Promise<LicenseState> {
  const found = await findLicense(session, key);
  if (found === null) throw licenseNotFound(key);
  return found;
}

export function licenseNotFound(key: LicenseKey): TillcastError {
  return new TillcastError(
    'license_not_found',
    `There is no license ${key}. Create it first, or check the key.`,
  );
}
