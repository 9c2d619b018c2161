import type { Session } from '../database/database.ts';
import { command, integerColumn, statement } from '../database/statement.ts';
import type { Assertion } from './assertion.ts';

// The insert decides: of two that come at once, one finds the other's row. Of a token and an end that come at once,
// either the end waits for the lock and then finds until when the token lives, or the token finds the end.
const TAKE = statement<{ taken: number; given: number }>(
  'take_assertion',
  `WITH taken AS (
    INSERT INTO assertions (license_id, terminal_id, jti, expires_at)
    VALUES ($1, $2::uuid, $3, $4)
    ON CONFLICT DO NOTHING
    RETURNING terminal_id
  ), license AS (
    SELECT id, status, valid_until FROM licenses WHERE id = $1 FOR SHARE
  ), given AS (
    UPDATE terminals t SET token_expires_at = greatest(t.token_expires_at, $5::timestamptz)
    FROM taken, license l
    WHERE t.license_id = l.id AND t.terminal_id = taken.terminal_id AND $5::timestamptz IS NOT NULL
      AND l.status = 'active' AND t.revoked_at IS NULL
      AND (l.valid_until IS NULL OR l.valid_until >= $5::timestamptz)
    RETURNING t.terminal_id
  )
  SELECT (SELECT count(*) FROM taken) AS taken, (SELECT count(*) FROM given) AS given`,
  { taken: integerColumn, given: integerColumn },
);

// Much later than they end: another backend's clock may be behind ours.
const DELETE_EXPIRED = command(
  'delete_expired_assertions',
  `DELETE FROM assertions WHERE expires_at <= $1::timestamptz - interval '1 hour'`,
);

/**
 * Uses an assertion up, and keeps until when the token lives that is given for it.
 * @returns `used before`; `ended` where the terminal or its license has ended meanwhile, so that no such token may
 *   be given
 */
export async function takeAssertion(
  session: Pick<Session, 'query'>,
  use: {
    readonly licenseId: number;
    readonly terminalId: string;
    readonly assertion: Assertion;
    /** Null where none is given that the broker takes. */
    readonly tokenEndsAt: Date | null;
  },
): Promise<'taken' | 'used before' | 'ended'> {
  const { licenseId, terminalId, assertion, tokenEndsAt } = use;
  const { jti, endsAt } = assertion;
  const [row] = await session.query(TAKE, [licenseId, terminalId, jti, endsAt, tokenEndsAt]);
  if (row?.taken !== 1) return 'used before';
  return tokenEndsAt === null || row.given === 1 ? 'taken' : 'ended';
}

/** Forgets assertions that could not be taken any more. */
export async function deleteExpiredAssertions(session: Pick<Session, 'query'>, now: Date): Promise<void> {
  await session.query(DELETE_EXPIRED, [now]);
}
