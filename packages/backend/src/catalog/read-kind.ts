import type { ItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Database } from '../database/database.ts';
import { nullable, statement, textColumn } from '../database/statement.ts';
import { licenseNotFound } from '../licenses/find-license.ts';
import { HEAD_COLUMNS, HEAD_FROM, HEAD_SQL, type Head } from './head.ts';

/** One kind's items: a JSON array as text, ordered by id. The digest is the whole catalog's. */
export interface StoredList extends Head {
  readonly list: string;
}

const READ = statement<Head & { bodies: string | null }>(
  'read_kind',
  `SELECT ${HEAD_SQL}, (
    SELECT string_agg(body, ',' ORDER BY id)
    FROM items
    WHERE license_id = c.license_id AND kind = $2 AND body IS NOT NULL
  ) AS bodies
  FROM ${HEAD_FROM}
  WHERE l.key = $1`,
  { ...HEAD_COLUMNS, bodies: nullable(textColumn) },
);

/** Reads the live items of one kind. @throws TillcastError `license_not_found` */
export async function readKind(database: Database, key: LicenseKey, kind: ItemKind): Promise<StoredList> {
  const [found] = await database.ofLicense(key).query(READ, [key, kind]);
  if (found === undefined) throw licenseNotFound(key);
  const { bodies, ...head } = found;
  return { ...head, list: `[${bodies ?? ''}]` };
}
