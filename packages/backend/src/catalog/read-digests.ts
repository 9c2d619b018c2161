import { BUCKETS } from '@tillcast/protocol/digest-buckets';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Database } from '../database/database.ts';
import { nullable, statement, textColumn } from '../database/statement.ts';
import { licenseNotFound } from '../licenses/find-license.ts';
import { HEAD_COLUMNS, HEAD_FROM, HEAD_SQL, type Head } from './head.ts';

/** The catalog's digest taken apart: the sum of the live rows' numbers by their first byte, `00` to `ff`. */
export interface StoredSums extends Head {
  readonly sums: readonly string[];
}

// The numbers are added as signed ones, which modulo 2^64 comes to the same.
const READ = statement<Head & { bucket: string | null; sum: string | null }>(
  'read_digests',
  `SELECT ${HEAD_SQL}, b.bucket, b.sum
  FROM ${HEAD_FROM}
  LEFT JOIN LATERAL (
    SELECT left(digest, 2) AS bucket, sum(('x' || digest)::bit(64)::bigint)::text AS sum
    FROM items
    WHERE license_id = c.license_id AND digest IS NOT NULL
    GROUP BY 1
  ) b ON true
  WHERE l.key = $1`,
  { ...HEAD_COLUMNS, bucket: nullable(textColumn), sum: nullable(textColumn) },
);

/** Adds up the live rows' numbers by bucket. @throws TillcastError `license_not_found` */
export async function readDigests(database: Database, key: LicenseKey): Promise<StoredSums> {
  const rows = await database.ofLicense(key).query(READ, [key]);
  const [first] = rows;
  if (first === undefined) throw licenseNotFound(key);
  const { licenseId, licenseKey, epoch, version, digest } = first;
  const byBucket = new Map(rows.map(({ bucket, sum }) => [bucket, sum]));
  const sums = BUCKETS.map((bucket) => hexOf(byBucket.get(bucket) ?? '0'));
  return { licenseId, licenseKey, epoch, version, digest, sums };
}

function hexOf(sum: string): string {
  return BigInt.asUintN(64, BigInt(sum)).toString(16).padStart(16, '0');
}
