import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Database } from '../database/database.ts';
import { statement } from '../database/statement.ts';
import { licenseNotFound } from '../licenses/find-license.ts';
import { HEAD_COLUMNS, HEAD_FROM, HEAD_SQL, type Head } from './head.ts';

const READ = statement<Head>(
  'read_head',
  `SELECT ${HEAD_SQL} FROM ${HEAD_FROM} WHERE l.key = $1`,
  HEAD_COLUMNS,
);

/** Where the license's catalog stands. @throws TillcastError `license_not_found` */
export async function readHead(database: Database, key: LicenseKey): Promise<Head> {
  const [head] = await database.ofLicense(key).query(READ, [key]);
  if (head === undefined) throw licenseNotFound(key);
  return head;
}
