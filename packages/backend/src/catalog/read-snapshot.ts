import { type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Database } from '../database/database.ts';
import { checkedColumn, nullable, statement, textColumn } from '../database/statement.ts';
import { licenseNotFound } from '../licenses/find-license.ts';
import { HEAD_COLUMNS, HEAD_FROM, HEAD_SQL, type Head } from './head.ts';

/** The whole catalog at one version: of each kind a JSON array as text, ordered by id. */
export interface StoredSnapshot extends Head {
  readonly lists: Readonly<Record<ItemKind, string>>;
}

// One statement, so head and items are of one moment; the database joins the texts, and nothing is parsed.
const READ = statement<Head & { kind: ItemKind | null; bodies: string | null }>(
  'read_snapshot',
  `SELECT ${HEAD_SQL}, i.kind, i.bodies
  FROM ${HEAD_FROM}
  LEFT JOIN LATERAL (
    SELECT kind, string_agg(body, ',' ORDER BY id) AS bodies
    FROM items
    WHERE license_id = c.license_id AND body IS NOT NULL
    GROUP BY kind
  ) i ON true
  WHERE l.key = $1`,
  {
    ...HEAD_COLUMNS,
    kind: nullable(checkedColumn('a kind of items', isItemKind)),
    bodies: nullable(textColumn),
  },
);

/** Reads the whole catalog. @throws TillcastError `license_not_found` */
export async function readSnapshot(database: Database, key: LicenseKey): Promise<StoredSnapshot> {
  const rows = await database.ofLicense(key).query(READ, [key]);
  const [first] = rows;
  if (first === undefined) throw licenseNotFound(key);
  const { licenseId, licenseKey, epoch, version, digest } = first;
  const lists = { category: '[]', modifier: '[]', product: '[]', table: '[]', user: '[]' };
  for (const { kind, bodies } of rows) if (kind !== null) lists[kind] = `[${bodies ?? ''}]`;
  return { licenseId, licenseKey, epoch, version, digest, lists };
}
