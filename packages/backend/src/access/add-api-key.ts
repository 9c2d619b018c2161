import type { Session } from '../database/database.ts';
import { command } from '../database/statement.ts';
import { hashOfKey } from './hash-of-key.ts';

const INSERT = command(
  'insert_api_key',
  `INSERT INTO api_keys (hash, name, created_at) VALUES ($1, $2, $3)
  ON CONFLICT (hash) DO UPDATE SET name = excluded.name`,
);

/**
 * Lets a key in from now on. Only its hash is kept, which is of use to nobody who reads the database.
 * @param key at least 128 random bits
 * @param name for people, such as `first start`
 */
export async function addApiKey(
  session: Session,
  key: string,
  name: string,
  context: { readonly now: () => Date },
): Promise<void> {
  await session.query(INSERT, [hashOfKey(key), name, context.now()]);
}
