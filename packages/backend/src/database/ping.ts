import type { Session } from './database.ts';
import { command } from './statement.ts';

const PING = command('ping', 'SELECT');

/** Resolves when the database answers; rejects with `database_unavailable` when it does not. */
export async function ping(session: Session): Promise<void> {
  await session.query(PING);
}
