import type { Session } from '../database/database.ts';
import { booleanColumn, command, integerColumn, statement, textColumn } from '../database/statement.ts';

/** A terminal of whose limits the broker was told, by what they are to be. */
export interface BoundTerminal {
  readonly licenseId: number;
  readonly terminalId: string;
  readonly isBlocked: boolean;
}

// By the database's clock: of several backends whose own differ, one looks.
const TAKE_LOOK = statement<{ taken: boolean }>(
  'take_broker_look',
  `UPDATE broker_looks SET due_at = clock_timestamp() + $1 * interval '1 millisecond'
  WHERE due_at <= clock_timestamp()
  RETURNING true AS taken`,
  { taken: booleanColumn },
);

const LIST_BOUND = statement<BoundTerminal>(
  'list_bound_terminals',
  `SELECT license_id AS "licenseId", terminal_id::text AS "terminalId", blocked_until IS NOT NULL AS "isBlocked"
  FROM terminals
  WHERE limited_at IS NOT NULL OR blocked_until IS NOT NULL`,
  { licenseId: integerColumn, terminalId: textColumn, isBlocked: booleanColumn },
);

const LIMITS_LOST = command(
  'mark_limits_lost',
  `UPDATE terminals SET limited_at = NULL
  WHERE license_id = $1 AND terminal_id = ANY ($2::uuid[]) AND blocked_until IS NULL`,
);

const BLOCKS_LOST = command(
  'mark_blocks_lost',
  `UPDATE terminals SET blocked_until = NULL, closed_at = NULL
  WHERE license_id = $1 AND terminal_id = ANY ($2::uuid[]) AND blocked_until IS NOT NULL`,
);

const FIND_LICENSE_KEY = statement<{ key: string }>(
  'find_license_of_terminal',
  `SELECT l.key FROM terminals t JOIN licenses l ON l.id = t.license_id
  WHERE t.terminal_id = $1::uuid AND t.public_key IS NOT NULL`,
  { key: textColumn },
);

/** Takes the turn to look over the broker; the next one is due after `everyMs`. @returns whether it was due */
export async function takeLook(session: Session, everyMs: number): Promise<boolean> {
  return (await session.query(TAKE_LOOK, [everyMs])).length > 0;
}

/** All terminals of which the broker should know. */
export function listBoundTerminals(session: Session): Promise<readonly BoundTerminal[]> {
  return session.query(LIST_BOUND);
}

/** The broker has lost what it was told of these terminals of a license: it is told again. */
export async function markLost(
  session: Session,
  licenseId: number,
  terminalIds: readonly string[],
  what: 'limits' | 'blocks',
): Promise<void> {
  await session.query(what === 'limits' ? LIMITS_LOST : BLOCKS_LOST, [licenseId, terminalIds]);
}

/** The license of a terminal that was activated; null where there is none. */
export async function findLicenseKey(session: Session, terminalId: string): Promise<string | null> {
  const [row] = await session.query(FIND_LICENSE_KEY, [terminalId]);
  return row?.key ?? null;
}
