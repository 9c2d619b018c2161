import { type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Database } from '../database/database.ts';
import { checkedColumn, nullable, statement, textColumn } from '../database/statement.ts';
import { licenseNotFound } from '../licenses/find-license.ts';
import { HEAD_COLUMNS, HEAD_FROM, HEAD_SQL, type Head } from './head.ts';
import { wireRowText } from './wire-row.ts';

/** Some live rows. */
export interface StoredRows extends Head {
  /** `WireRow`s: a JSON array as text. */
  readonly rows: string;
}

const READ = statement<Head & { kind: ItemKind | null; id: string | null; body: string | null }>(
  'read_rows',
  `SELECT ${HEAD_SQL}, i.kind, i.id, i.body
  FROM ${HEAD_FROM}
  LEFT JOIN items i ON i.license_id = c.license_id AND i.digest = ANY ($2::text[])
  WHERE l.key = $1`,
  {
    ...HEAD_COLUMNS,
    kind: nullable(checkedColumn('a kind of items', isItemKind)),
    id: nullable(textColumn),
    body: nullable(textColumn),
  },
);

/** Reads the live rows that have these numbers. @throws TillcastError `license_not_found` */
export async function readRows(
  database: Database,
  key: LicenseKey,
  digests: readonly string[],
): Promise<StoredRows> {
  const found = await database.ofLicense(key).query(READ, [key, digests]);
  const [first] = found;
  if (first === undefined) throw licenseNotFound(key);
  const { licenseId, licenseKey, epoch, version, digest } = first;
  const texts = found.flatMap(({ kind, id, body }) =>
    kind === null || id === null ? [] : [wireRowText({ kind, id, body })],
  );
  return { licenseId, licenseKey, epoch, version, digest, rows: `[${texts.join(',')}]` };
}
