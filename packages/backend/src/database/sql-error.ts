import { TillcastError } from '@tillcast/protocol/errors';

/**
 * SQLSTATEs that say "not now" and nothing of the statement: connection exceptions (08), the server is
 * starting or stopping, a full disk, no memory, too many connections, a cancelled statement, a lock that did not come free.
 */
const UNAVAILABLE = /^(08...|57P0[123]|53[123]00|57014|55P03)$/;

/** Node's codes for a peer that cannot be reached. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** What `pg` says without any code when a connection ends or does not come about. */
const CONNECTION_LOST = /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/;
const NOT_QUERYABLE = /^Client (has encountered a connection error|was closed)/;

/** An error's SQLSTATE or system code, or null where it has none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** The error as callers get it: `database_unavailable` where the database is away, else as it is. */
export function translated(error: unknown): unknown {
  if (error instanceof TillcastError || !isUnavailability(error)) return error;
  return unavailable(error instanceof Error ? error.message : String(error), error);
}

/** A `database_unavailable`; why, with the database's address in it, is for the log alone. */
export function unavailable(why: string, cause?: unknown): TillcastError {
  return new TillcastError(
    'database_unavailable',
    'The database does not answer, or takes nothing now. Nothing is wrong with the request; try again when it is back.',
    { cause: cause ?? new Error(why) },
  );
}

function isUnavailability(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailability);
  const code = codeOf(error);
  if (code !== null) return UNAVAILABLE.test(code) || UNREACHABLE.has(code);
  return error instanceof Error && (CONNECTION_LOST.test(error.message) || NOT_QUERYABLE.test(error.message));
}
