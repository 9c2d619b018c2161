import type { Session } from '../database/database.ts';
import { statement } from '../database/statement.ts';
import { LICENSE_COLUMNS, type LicenseState, SELECT_LICENSE } from './license.ts';

const LIST = statement<LicenseState>('list_licenses', `${SELECT_LICENSE} ORDER BY l.key`, LICENSE_COLUMNS);

/** All licenses, by key. */
export function listLicenses(session: Session): Promise<readonly LicenseState[]> {
  return session.query(LIST);
}
