import type { NumberedRow } from '@tillcast/protocol/http/repair-api';
import { type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Database } from '../database/database.ts';
import { checkedColumn, nullable, statement, textColumn } from '../database/statement.ts';
import { licenseNotFound } from '../licenses/find-license.ts';
import { HEAD_COLUMNS, HEAD_FROM, HEAD_SQL, type Head } from './head.ts';

/** The names and numbers of the live rows in some buckets. */
export interface StoredRowDigests extends Head {
  readonly rows: readonly NumberedRow[];
}

const READ = statement<Head & { kind: ItemKind | null; id: string | null; rowDigest: string | null }>(
  'read_row_digests',
  `SELECT ${HEAD_SQL}, i.kind, i.id, i.digest AS "rowDigest"
  FROM ${HEAD_FROM}
  LEFT JOIN items i ON i.license_id = c.license_id AND left(i.digest, 2) = ANY ($2::text[])
  WHERE l.key = $1`,
  {
    ...HEAD_COLUMNS,
    kind: nullable(checkedColumn('a kind of items', isItemKind)),
    id: nullable(textColumn),
    rowDigest: nullable(textColumn),
  },
);

/**
 * Reads the numbers of the live rows in some buckets (two hexadecimal digits each).
 * @throws TillcastError `license_not_found`
 */
export async function readRowDigests(
  database: Database,
  key: LicenseKey,
  buckets: readonly string[],
): Promise<StoredRowDigests> {
  const found = await database.ofLicense(key).query(READ, [key, buckets]);
  const [first] = found;
  if (first === undefined) throw licenseNotFound(key);
  const { licenseId, licenseKey, epoch, version, digest } = first;
  const rows = found.flatMap(({ kind, id, rowDigest }) =>
    kind === null || id === null || rowDigest === null ? [] : [{ kind, id, digest: rowDigest }],
  );
  return { licenseId, licenseKey, epoch, version, digest, rows };
}
