import type { Session } from '../database/database.ts';
import { integerColumn, statement } from '../database/statement.ts';

const COUNT = statement<{ count: number }>('count_api_keys', 'SELECT count(*) AS count FROM api_keys', {
  count: integerColumn,
});

/** How many keys are let in. */
export async function countApiKeys(session: Session): Promise<number> {
  const [row] = await session.query(COUNT);
  return row?.count ?? 0;
}
