import type { Session } from '../database/database.ts';
import { integerColumn, statement, textColumn } from '../database/statement.ts';

/** A terminal of a license. */
export interface LicensedTerminal {
  readonly licenseId: number;
  readonly terminalId: string;
}

const COLUMNS = { licenseId: integerColumn, terminalId: textColumn };

const FIND_OUTLIVED = statement<LicensedTerminal>(
  'find_outlived_terminals',
  `SELECT license_id AS "licenseId", terminal_id::text AS "terminalId" FROM terminals
  WHERE token_expires_at <= $1 AND (closed_at IS NULL OR closed_at < token_expires_at)
  ORDER BY token_expires_at
  LIMIT $2`,
  COLUMNS,
);

/** Terminals whose last token ended at or before `end`, and whose connections were not closed since. */
export function findOutlived(
  session: Session,
  end: Date,
  limit: number,
): Promise<readonly LicensedTerminal[]> {
  return session.query(FIND_OUTLIVED, [end, limit]);
}
