import type { Session } from '../database/database.ts';
import { integerColumn, statement } from '../database/statement.ts';

/** Notified when the broker is to be told something; the payload is the row's id. */
export const REVOCATIONS_CHANNEL = 'tillcast_revocations';

/** Whose connections are to be closed and kept closed, or to be let in again, or to be bounded. */
export interface Revocation {
  readonly licenseId: number;
  /** Null: all terminals of the license. */
  readonly terminalId: string | null;
  /** `limit`: there is a terminal more, whose limits the broker does not know. */
  readonly kind: 'block' | 'unblock' | 'limit';
}

const INSERT = statement<{ id: number }>(
  'insert_revocation',
  `WITH requested AS (
    INSERT INTO revocations (license_id, terminal_id, kind, created_at)
    VALUES ($1, $2::uuid, $3, $4)
    RETURNING id
  ), told AS MATERIALIZED (
    SELECT pg_notify('${REVOCATIONS_CHANNEL}', id::text) FROM requested
  )
  SELECT requested.id FROM requested, told`,
  { id: integerColumn },
);

/**
 * Writes down, in the act's own transaction, what the broker is to be told, and wakes who tells it: once the
 * act is committed the request is there, and it stays until it is done.
 * @returns the request's number; later ones are higher
 */
export async function requestRevocation(
  session: Pick<Session, 'query'>,
  revocation: Revocation,
  at: Date,
): Promise<number> {
  const { licenseId, terminalId, kind } = revocation;
  const [inserted] = await session.query(INSERT, [licenseId, terminalId, kind, at]);
  if (inserted === undefined) throw new Error('The revocation was not written.');
  return inserted.id;
}
