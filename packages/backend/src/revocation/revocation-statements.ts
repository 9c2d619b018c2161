import type { Session } from '../database/database.ts';
import {
  booleanColumn,
  command,
  instantColumn,
  integerColumn,
  statement,
  textColumn,
} from '../database/statement.ts';

/** After a token's end by our clock, until it has ended by every clock. */
const CLOCK_MARGIN = "interval '60 seconds'";
/** Older connections the reaper has closed. */
const LOOK_BACK = "interval '1 hour'";
/** What $2, a moment, makes of a terminal `t` of a license `l`. */
const HAS_ENDED = `(l.status <> 'active' OR coalesce(l.valid_until <= $2, false) OR t.revoked_at IS NOT NULL)`;

const FIND_OPEN = statement<OpenRevocation>(
  'find_open_revocations',
  `SELECT id, created_at AS "createdAt" FROM revocations
  WHERE license_id = $1 AND done_at IS NULL
  ORDER BY id`,
  { id: integerColumn, createdAt: instantColumn },
);

// What a try that failed left behind has a block and no closing.
const FIND_TO_CLOSE = statement<TerminalToClose>(
  'find_terminals_to_close',
  `SELECT t.terminal_id::text AS "terminalId", t.token_expires_at + ${CLOCK_MARGIN} > $2 AS "hasToken"
  FROM terminals t JOIN licenses l ON l.id = t.license_id
  WHERE t.license_id = $1 AND ${HAS_ENDED} AND t.token_expires_at > $2::timestamptz - ${LOOK_BACK}
    AND (t.blocked_until IS NULL OR t.closed_at IS NULL)
  ORDER BY t.token_expires_at DESC, t.terminal_id`,
  { terminalId: textColumn, hasToken: booleanColumn },
);

/** A block of a terminal `t` that is to go at $2: the terminal may come in, or no token is left to be kept out. */
const BLOCK_IS_OVER = `t.blocked_until IS NOT NULL AND (
    NOT ${HAS_ENDED} OR (t.blocked_until <= $2 AND t.closed_at IS NOT NULL)
  )`;

const FIND_TO_UNBLOCK = statement<{ terminalId: string }>(
  'find_terminals_to_unblock',
  `SELECT t.terminal_id::text AS "terminalId"
  FROM terminals t JOIN licenses l ON l.id = t.license_id
  WHERE t.license_id = $1 AND ${BLOCK_IS_OVER}
  ORDER BY t.terminal_id`,
  { terminalId: textColumn },
);

const MARK_BLOCKING = command(
  'mark_terminals_blocking',
  `UPDATE terminals SET blocked_until = token_expires_at + ${CLOCK_MARGIN}, closed_at = NULL
  WHERE license_id = $1 AND terminal_id = ANY ($2::uuid[])`,
);

const MARK_CLOSED = command(
  'mark_terminals_closed',
  'UPDATE terminals SET closed_at = $3 WHERE license_id = $1 AND terminal_id = ANY ($2::uuid[])',
);

const MARK_OUTLIVED_CLOSED = command(
  'mark_outlived_closed',
  `UPDATE terminals SET closed_at = $3
  WHERE license_id = $1 AND terminal_id = ANY ($2::uuid[]) AND token_expires_at <= $4`,
);

const MARK_UNBLOCKED = command(
  'mark_terminals_unblocked',
  'UPDATE terminals SET blocked_until = NULL WHERE license_id = $1 AND terminal_id = ANY ($2::uuid[])',
);

const FINISH = command(
  'finish_revocations',
  'UPDATE revocations SET done_at = $3 WHERE license_id = $1 AND id = ANY ($2::bigint[])',
);

// Asks for what nobody has asked for: the end by date, and what slipped past an act.
const REQUEST_DUE = statement<{ id: number }>(
  'request_due_revocations',
  `INSERT INTO revocations (license_id, terminal_id, kind, created_at)
  SELECT l.id, NULL, 'block', $2
  FROM licenses l
  WHERE EXISTS (
    SELECT FROM terminals t
    WHERE t.license_id = l.id AND ${HAS_ENDED} AND t.blocked_until IS NULL
      AND t.token_expires_at + ${CLOCK_MARGIN} > $2::timestamptz
  ) AND NOT EXISTS (
    SELECT FROM revocations r WHERE r.license_id = l.id AND r.done_at IS NULL
  )
  LIMIT $1
  RETURNING id`,
  { id: integerColumn },
);

const REQUEST_OVERDUE_UNBLOCKS = statement<{ id: number }>(
  'request_due_unblocks',
  `INSERT INTO revocations (license_id, terminal_id, kind, created_at)
  SELECT l.id, NULL, 'unblock', $2
  FROM licenses l
  WHERE EXISTS (
    SELECT FROM terminals t WHERE t.license_id = l.id AND ${BLOCK_IS_OVER}
  ) AND NOT EXISTS (
    SELECT FROM revocations r WHERE r.license_id = l.id AND r.done_at IS NULL
  )
  LIMIT $1
  RETURNING id`,
  { id: integerColumn },
);

/** What the broker is still to be told. */
export interface OpenRevocation {
  readonly id: number;
  readonly createdAt: Date;
}

/** A terminal that has ended. */
export interface TerminalToClose {
  readonly terminalId: string;
  /** Whether a token of its may still be good at the broker. */
  readonly hasToken: boolean;
}

/** The license's open revocations, in order. */
export function findOpenRevocations(session: Session, licenseId: number): Promise<readonly OpenRevocation[]> {
  return session.query(FIND_OPEN, [licenseId]);
}

/** The license's terminals that have ended and were not yet closed for good; the longest tokens first. */
export function findTerminalsToClose(
  session: Session,
  licenseId: number,
  now: Date,
): Promise<readonly TerminalToClose[]> {
  return session.query(FIND_TO_CLOSE, [licenseId, now]);
}

/** The license's terminals that are blocked and have not ended, or that no token is left of. */
export async function findTerminalsToUnblock(
  session: Session,
  licenseId: number,
  now: Date,
): Promise<readonly string[]> {
  const rows = await session.query(FIND_TO_UNBLOCK, [licenseId, now]);
  return rows.map(({ terminalId }) => terminalId);
}

/** Written before the broker is told, so that no block is forgotten. */
export async function markBlocking(
  session: Session,
  licenseId: number,
  terminalIds: readonly string[],
): Promise<void> {
  await session.query(MARK_BLOCKING, [licenseId, terminalIds]);
}

export async function markClosed(
  session: Session,
  licenseId: number,
  terminalIds: readonly string[],
  at: Date,
): Promise<void> {
  await session.query(MARK_CLOSED, [licenseId, terminalIds, at]);
}

/** As {@link markClosed}, of those alone that were given no token since that ends after `end`. */
export async function markOutlivedClosed(
  session: Session,
  licenseId: number,
  terminalIds: readonly string[],
  { at, end }: { readonly at: Date; readonly end: Date },
): Promise<void> {
  await session.query(MARK_OUTLIVED_CLOSED, [licenseId, terminalIds, at, end]);
}

/** Written after the broker was told, so that no block is forgotten; by who has the license's claim. */
export async function markUnblocked(
  session: Session,
  licenseId: number,
  terminalIds: readonly string[],
): Promise<void> {
  await session.query(MARK_UNBLOCKED, [licenseId, terminalIds]);
}

export async function finishRevocations(
  session: Session,
  licenseId: number,
  ids: readonly number[],
  at: Date,
): Promise<void> {
  await session.query(FINISH, [licenseId, ids, at]);
}

/**
 * Asks for what no act asked for: the revocation of licenses that have ended by date, or whose end was taken
 * back by a new date, and the end of blocks that keep nobody out any more.
 * @returns how many there are
 */
export async function requestDueRevocations(session: Session, now: Date, limit: number): Promise<number> {
  const blocks = await session.query(REQUEST_DUE, [limit, now]);
  const unblocks = await session.query(REQUEST_OVERDUE_UNBLOCKS, [limit, now]);
  return blocks.length + unblocks.length;
}
