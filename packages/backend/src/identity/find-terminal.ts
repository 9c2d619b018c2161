import type { LicenseStatus } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Session } from '../database/database.ts';
import { instantColumn, integerColumn, nullable, statement, textColumn } from '../database/statement.ts';
import { licenseKeyColumn, licenseStatusColumn } from '../licenses/license.ts';

/** A terminal that was activated, and its license. */
export interface ActivatedTerminal {
  readonly terminalId: string;
  readonly publicKey: string;
  readonly revokedAt: Date | null;
  readonly licenseId: number;
  /** The license's. */
  readonly key: LicenseKey;
  readonly status: LicenseStatus;
  readonly validUntil: Date | null;
  readonly endedAt: Date | null;
}

const FIND = statement<ActivatedTerminal>(
  'find_activated_terminal',
  `SELECT t.terminal_id AS "terminalId", t.public_key AS "publicKey", t.revoked_at AS "revokedAt",
    l.id AS "licenseId", l.key, l.status, l.valid_until AS "validUntil", l.ended_at AS "endedAt"
  FROM terminals t JOIN licenses l ON l.id = t.license_id
  WHERE t.terminal_id = $1::uuid AND t.public_key IS NOT NULL`,
  {
    terminalId: textColumn,
    publicKey: textColumn,
    revokedAt: nullable(instantColumn),
    licenseId: integerColumn,
    key: licenseKeyColumn,
    status: licenseStatusColumn,
    validUntil: nullable(instantColumn),
    endedAt: nullable(instantColumn),
  },
);

/** The terminal that was activated under this id, revoked or not; null for none. @param terminalId a UUID */
export async function findActivatedTerminal(
  session: Pick<Session, 'query'>,
  terminalId: string,
): Promise<ActivatedTerminal | null> {
  const [found] = await session.query(FIND, [terminalId]);
  return found ?? null;
}
