import type { Session } from '../database/database.ts';
import { command, integerColumn, statement } from '../database/statement.ts';
import type { Assertion } from './assertion.ts';

// The insert decides: of two that come at once, one finds the other's row.
const TAKE = statement<{ taken: number }>(
  'take_assertion',
  `WITH taken AS (
    INSERT INTO assertions (license_id, terminal_id, jti, expires_at)
    VALUES ($1, $2::uuid, $3, $4)
    ON CONFLICT DO NOTHING
    RETURNING terminal_id
  ), given AS (
    UPDATE terminals t SET token_expires_at = greatest(t.token_expires_at, $5::timestamptz)
    FROM taken
    WHERE t.license_id = $1 AND t.terminal_id = taken.terminal_id AND $5::timestamptz IS NOT NULL
  )
  SELECT count(*) AS taken FROM taken`,
  { taken: integerColumn },
);

const DELETE_EXPIRED = command('delete_expired_assertions', 'DELETE FROM assertions WHERE expires_at <= $1');

/**
 * Uses an assertion up, and keeps until when the token lives that is given for it.
 * @returns false where it was used before
 */
export async function takeAssertion(
  session: Pick<Session, 'query'>,
  use: {
    readonly licenseId: number;
    readonly terminalId: string;
    readonly assertion: Assertion;
    /** Null where none is given. */
    readonly tokenEndsAt: Date | null;
  },
): Promise<boolean> {
  const { licenseId, terminalId, assertion, tokenEndsAt } = use;
  const { jti, endsAt } = assertion;
  const [row] = await session.query(TAKE, [licenseId, terminalId, jti, endsAt, tokenEndsAt]);
  return row?.taken === 1;
}

/** Forgets assertions that could not be taken any more. */
export async function deleteExpiredAssertions(session: Pick<Session, 'query'>, now: Date): Promise<void> {
  await session.query(DELETE_EXPIRED, [now]);
}
