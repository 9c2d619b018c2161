import type { Session } from '../database/database.ts';
import { command, integerColumn, statement } from '../database/statement.ts';

const END_OF_CLAIM = "clock_timestamp() + $2 * interval '1 millisecond'";

// Of two that claim at once, the second waits for the first and then finds the claim in force.
const CLAIM = statement<{ licenseId: number }>(
  'claim_revocations',
  `INSERT INTO revocation_claims AS c (license_id, owner, claimed_until)
  SELECT r.license_id, $1::uuid, ${END_OF_CLAIM}
  FROM revocations r
  WHERE r.done_at IS NULL AND r.license_id <> ALL ($4::bigint[]) AND NOT EXISTS (
    SELECT FROM revocation_claims o WHERE o.license_id = r.license_id AND o.claimed_until > clock_timestamp()
  )
  GROUP BY r.license_id
  ORDER BY min(r.id)
  LIMIT $3
  ON CONFLICT (license_id) DO UPDATE
  SET owner = excluded.owner, claimed_until = excluded.claimed_until
  WHERE c.claimed_until <= clock_timestamp()
  RETURNING c.license_id AS "licenseId"`,
  { licenseId: integerColumn },
);

const EXTEND = statement<{ licenseId: number }>(
  'extend_revocation_claim',
  `UPDATE revocation_claims SET claimed_until = ${END_OF_CLAIM}
  WHERE license_id = $3 AND owner = $1::uuid AND claimed_until > clock_timestamp()
  RETURNING license_id AS "licenseId"`,
  { licenseId: integerColumn },
);

const RELEASE = command(
  'release_revocation_claim',
  'DELETE FROM revocation_claims WHERE license_id = $2 AND owner = $1::uuid',
);

/**
 * Takes licenses with open revocations that nobody else works on, without those `except`; the oldest first,
 * at most `limit`.
 */
export async function claimLicenses(
  session: Session,
  owner: string,
  leaseMs: number,
  limit: number,
  except: readonly number[],
): Promise<readonly number[]> {
  const rows = await session.query(CLAIM, [owner, leaseMs, limit, except]);
  return rows.map(({ licenseId }) => licenseId);
}

/** Keeps a claim for `leaseMs` from now. @returns false where it has lapsed */
export async function extendClaim(
  session: Session,
  owner: string,
  leaseMs: number,
  licenseId: number,
): Promise<boolean> {
  const rows = await session.query(EXTEND, [owner, leaseMs, licenseId]);
  return rows.length > 0;
}

/** Gives a license back at once. */
export async function releaseClaim(session: Session, owner: string, licenseId: number): Promise<void> {
  await session.query(RELEASE, [owner, licenseId]);
}
