import type { Session } from '../database/database.ts';
import { command, instantColumn, integerColumn, statement, textColumn } from '../database/statement.ts';

/** Of each license the newest so many versions are kept. */
export const VERSIONS_KEPT = 1_000;

/** A change in the log. */
export interface CommittedVersion {
  readonly licenseId: number;
  /** The license's, now. */
  readonly epoch: string;
  readonly version: number;
  readonly committedAt: Date;
}

const READ_COMMITTED = statement<CommittedVersion>(
  'read_committed_versions',
  `SELECT c.license_id AS "licenseId", a.epoch, c.version, c.committed_at AS "committedAt"
  FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) AS g (license_id, lowest, highest)
  JOIN catalogs a ON a.license_id = g.license_id
  JOIN changes c ON c.license_id = g.license_id
    AND c.version BETWEEN greatest(g.lowest, a.version - ${VERSIONS_KEPT - 1}) AND g.highest`,
  { licenseId: integerColumn, epoch: textColumn, version: integerColumn, committedAt: instantColumn },
);

/** Versions of one license, both ends included. */
export interface VersionRange {
  readonly licenseId: number;
  readonly lowest: number;
  readonly highest: number;
}

/** When versions were committed: of those that there are, and that are among their license's newest. */
export function readCommittedVersions(
  session: Session,
  ranges: readonly VersionRange[],
): Promise<readonly CommittedVersion[]> {
  return session.query(READ_COMMITTED, [
    ranges.map(({ licenseId }) => licenseId),
    ranges.map(({ lowest }) => lowest),
    ranges.map(({ highest }) => highest),
  ]);
}

/** What is added to the ledger of one version. */
export interface DeliveryIncrement extends CommittedVersion {
  readonly buckets: readonly number[];
  readonly lastAppliedAt: Date;
}

// Two backends may add to one version at once; in one order, so that they never wait for each other.
const ADD = command(
  'add_deliveries',
  `INSERT INTO deliveries AS d (license_id, epoch, version, committed_at, applied, buckets, last_applied_at)
  SELECT license_id, epoch, version, committed_at, applied, buckets::integer[], last_applied_at
  FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::timestamptz[], $5::integer[], $6::text[], $7::timestamptz[])
    AS g (license_id, epoch, version, committed_at, applied, buckets, last_applied_at)
  ORDER BY license_id, epoch, version
  ON CONFLICT (license_id, epoch, version) DO UPDATE
  SET applied = d.applied + excluded.applied,
    buckets = ARRAY(
      SELECT coalesce(u.a, 0) + coalesce(u.b, 0)
      FROM unnest(d.buckets, excluded.buckets) WITH ORDINALITY AS u (a, b, place) ORDER BY place
    ),
    last_applied_at = greatest(d.last_applied_at, excluded.last_applied_at)`,
);

/** Adds to the ledger. */
export async function addDeliveries(
  session: Session,
  increments: readonly DeliveryIncrement[],
): Promise<void> {
  await session.query(ADD, [
    increments.map(({ licenseId }) => licenseId),
    increments.map(({ epoch }) => epoch),
    increments.map(({ version }) => version),
    increments.map(({ committedAt }) => committedAt.toISOString()),
    increments.map(({ buckets }) => buckets.reduce((sum, count) => sum + count, 0)),
    increments.map(({ buckets }) => `{${buckets.join(',')}}`),
    increments.map(({ lastAppliedAt }) => lastAppliedAt.toISOString()),
  ]);
}

const PRUNE = command(
  'prune_deliveries',
  `DELETE FROM deliveries d USING catalogs c
  WHERE d.license_id = ANY ($1::integer[]) AND c.license_id = d.license_id
    AND (d.epoch <> c.epoch OR d.version <= c.version - ${VERSIONS_KEPT})`,
);

/** Forgets what is not among the newest versions of these licenses. */
export async function pruneDeliveries(session: Session, licenseIds: readonly number[]): Promise<void> {
  await session.query(PRUNE, [licenseIds]);
}
