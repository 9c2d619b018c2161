import { EMPTY_DIGEST } from '@tillcast/protocol/digest';
import { TillcastError } from '@tillcast/protocol/errors';
import { TERMINAL_STANDINGS, type TerminalStatus } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Session } from '../database/database.ts';
import {
  booleanColumn,
  type Column,
  checkedColumn,
  instantColumn,
  integerColumn,
  nullable,
  numberColumn,
  statement,
  textColumn,
} from '../database/statement.ts';
import { licenseKeyColumn } from '../licenses/license.ts';

interface TerminalRow {
  readonly terminalId: string;
  readonly licenseKey: LicenseKey;
  readonly name: string;
  readonly standing: TerminalStatus['standing'];
  readonly activatedAt: Date | null;
  readonly lastSeenAt: Date | null;
  readonly epoch: string | null;
  readonly version: number | null;
  readonly behind: number | null;
  readonly digestMatches: boolean | null;
  readonly unsentSales: number;
  readonly clockOffsetMs: number;
}

// The digest is compared with that of the very version the terminal holds, which the change log knows.
const SELECT_TERMINAL = `
  SELECT t.terminal_id AS "terminalId", l.key AS "licenseKey", t.name,
    CASE WHEN t.public_key IS NULL THEN 'unactivated' WHEN t.revoked_at IS NULL THEN 'active' ELSE 'revoked' END
      AS standing,
    t.activated_at AS "activatedAt", t.last_seen_at AS "lastSeenAt", t.epoch,
    t.version, CASE WHEN t.epoch = c.epoch THEN greatest(0, c.version - t.version) END AS behind,
    CASE WHEN t.epoch = c.epoch THEN
      CASE WHEN t.version = 0 THEN t.digest = '${EMPTY_DIGEST}' ELSE t.digest = held.digest END
    END AS "digestMatches",
    t.unsent_sales AS "unsentSales", t.clock_offset_ms AS "clockOffsetMs"
  FROM terminals t
  JOIN licenses l ON l.id = t.license_id
  JOIN catalogs c ON c.license_id = t.license_id
  LEFT JOIN changes held ON held.license_id = t.license_id AND held.version = t.version`;

const COLUMNS: { readonly [K in keyof TerminalRow]: Column<TerminalRow[K]> } = {
  terminalId: textColumn,
  licenseKey: licenseKeyColumn,
  name: textColumn,
  standing: checkedColumn('a standing', (value): value is TerminalStatus['standing'] =>
    (TERMINAL_STANDINGS as readonly unknown[]).includes(value),
  ),
  activatedAt: nullable(instantColumn),
  lastSeenAt: nullable(instantColumn),
  epoch: nullable(textColumn),
  version: nullable(integerColumn),
  behind: nullable(integerColumn),
  digestMatches: nullable(booleanColumn),
  unsentSales: integerColumn,
  clockOffsetMs: numberColumn,
};

const LIST = statement<TerminalRow>(
  'list_terminals',
  `${SELECT_TERMINAL} ORDER BY l.key, t.terminal_id`,
  COLUMNS,
);

// Of those that only named themselves, several licenses may have one of the same id.
const FIND = statement<TerminalRow>(
  'find_terminal',
  `${SELECT_TERMINAL} WHERE t.terminal_id = $1::uuid AND t.public_key IS NOT NULL`,
  COLUMNS,
);

/**
 * All terminals that were activated or ever reported, by license and id. `behind` and `digest_matches` are null where what the
 * terminal holds is of no history that is known here.
 */
export async function listTerminals(session: Session): Promise<readonly TerminalStatus[]> {
  return (await session.query(LIST)).map(statusOf);
}

/**
 * The terminal that was activated under this id. @param terminalId a UUID
 * @throws TillcastError `terminal_not_found`
 */
export async function getTerminal(
  session: Pick<Session, 'query'>,
  terminalId: string,
): Promise<TerminalStatus> {
  const [row] = await session.query(FIND, [terminalId]);
  if (row === undefined) throw terminalNotFound(terminalId);
  return statusOf(row);
}

export function terminalNotFound(terminalId: string): TillcastError {
  return new TillcastError(
    'terminal_not_found',
    `No terminal was activated under the id ${terminalId}: the list of terminals shows which were.`,
  );
}

function statusOf(row: TerminalRow): TerminalStatus {
  return {
    terminal_id: row.terminalId,
    license_key: row.licenseKey,
    name: row.name,
    standing: row.standing,
    activated_at: row.activatedAt?.toISOString() ?? null,
    last_seen_at: row.lastSeenAt?.toISOString() ?? null,
    epoch: row.epoch,
    version: row.version,
    behind: row.behind,
    digest_matches: row.digestMatches,
    unsent_sales: row.unsentSales,
    clock_offset_ms: row.clockOffsetMs,
  };
}
