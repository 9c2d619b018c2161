import type { Session } from '../database/database.ts';
import { booleanColumn, statement } from '../database/statement.ts';
import { hashOfKey } from './hash-of-key.ts';

const FIND = statement<{ found: boolean }>(
  'find_api_key',
  'SELECT EXISTS (SELECT FROM api_keys WHERE hash = $1) AS found',
  { found: booleanColumn },
);

/** Whether the key is let in. Found by its hash, so that the time it takes tells nothing of other keys. */
export async function isApiKey(session: Session, key: string): Promise<boolean> {
  const [row] = await session.query(FIND, [hashOfKey(key)]);
  return row?.found === true;
}
