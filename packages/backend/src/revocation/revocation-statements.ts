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
  `SELECT id, kind <> 'limit' AS "isAct", created_at AS "createdAt" FROM revocations
  WHERE license_id = $1 AND done_at IS NULL
  ORDER BY id`,
  { id: integerColumn, isAct: booleanColumn, createdAt: instantColumn },
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

/** A terminal `t` that may come in at $2, and of which the broker is to be told so. */
const IS_TO_LIMIT = `(NOT ${HAS_ENDED} AND (
    t.blocked_until IS NOT NULL OR (t.public_key IS NOT NULL AND t.limited_at IS NULL)
  ))`;

/** A terminal `t` that is gone for good, no token of which is left at $2, and of which the broker still knows. */
const IS_TO_FORGET = `((l.status = 'revoked' OR t.revoked_at IS NOT NULL) AND (
    (t.blocked_until <= $2 AND t.closed_at IS NOT NULL) OR (
      t.blocked_until IS NULL AND t.limited_at IS NOT NULL
      AND coalesce(t.token_expires_at + ${CLOCK_MARGIN} <= $2, true)
    )
  ))`;

const FIND_TO_LIMIT = statement<{ terminalId: string }>(
  'find_terminals_to_limit',
  `SELECT t.terminal_id::text AS "terminalId"
  FROM terminals t JOIN licenses l ON l.id = t.license_id
  WHERE t.license_id = $1 AND ${IS_TO_LIMIT}
  ORDER BY t.terminal_id`,
  { terminalId: textColumn },
);

const FIND_TO_FORGET = statement<{ terminalId: string }>(
  'find_terminals_to_forget',
  `SELECT t.terminal_id::text AS "terminalId"
  FROM terminals t JOIN licenses l ON l.id = t.license_id
  WHERE t.license_id = $1 AND ${IS_TO_FORGET}
  ORDER BY t.terminal_id`,
  { terminalId: textColumn },
);

const MARK_BLOCKING = command(
  'mark_terminals_blocking',
  `UPDATE terminals SET blocked_until = token_expires_at + ${CLOCK_MARGIN}, closed_at = NULL,
    limited_at = NULL
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

const MARK_LIMITED = command(
  'mark_terminals_limited',
  `UPDATE terminals SET blocked_until = NULL, limited_at = $3
  WHERE license_id = $1 AND terminal_id = ANY ($2::uuid[])`,
);

const MARK_FORGOTTEN = command(
  'mark_terminals_forgotten',
  `UPDATE terminals SET blocked_until = NULL, limited_at = NULL
  WHERE license_id = $1 AND terminal_id = ANY ($2::uuid[])`,
);

const DELETE_DONE = command(
  'delete_done_revocations',
  `DELETE FROM revocations WHERE done_at <= $1::timestamptz - interval '1 day'`,
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

const REQUEST_LIMITS = statement<{ id: number }>(
  'request_due_limits',
  `INSERT INTO revocations (license_id, terminal_id, kind, created_at)
  SELECT l.id, NULL, 'limit', $2
  FROM licenses l
  WHERE EXISTS (
    SELECT FROM terminals t WHERE t.license_id = l.id AND (${IS_TO_LIMIT} OR ${IS_TO_FORGET})
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
  /** Whether somebody is to be shut out or let in again, at once; else a terminal is only to be bounded. */
  readonly isAct: boolean;
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

/** The license's terminals that may come in, and of which the broker was not told so. */
export async function findTerminalsToLimit(
  session: Session,
  licenseId: number,
  now: Date,
): Promise<readonly string[]> {
  const rows = await session.query(FIND_TO_LIMIT, [licenseId, now]);
  return rows.map(({ terminalId }) => terminalId);
}

/** The license's terminals that are gone for good, no token of which is left, and of which the broker knows. */
export async function findTerminalsToForget(
  session: Session,
  licenseId: number,
  now: Date,
): Promise<readonly string[]> {
  const rows = await session.query(FIND_TO_FORGET, [licenseId, now]);
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
export async function markLimited(
  session: Session,
  licenseId: number,
  terminalIds: readonly string[],
  at: Date,
): Promise<void> {
  await session.query(MARK_LIMITED, [licenseId, terminalIds, at]);
}

/** As {@link markLimited}, of those of which the broker knows nothing any more. */
export async function markForgotten(
  session: Session,
  licenseId: number,
  terminalIds: readonly string[],
): Promise<void> {
  await session.query(MARK_FORGOTTEN, [licenseId, terminalIds]);
}

/** Forgets what was done a day ago. */
export async function deleteDoneRevocations(session: Session, now: Date): Promise<void> {
  await session.query(DELETE_DONE, [now]);
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
 * back by a new date; limits that the broker was not told; and the end of what it keeps of terminals that are gone.
 * @returns how many there are
 */
export async function requestDueRevocations(session: Session, now: Date, limit: number): Promise<number> {
  const blocks = await session.query(REQUEST_DUE, [limit, now]);
  const limits = await session.query(REQUEST_LIMITS, [limit, now]);
  return blocks.length + limits.length;
}
