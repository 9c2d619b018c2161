import type { Database } from '../../src/database/database.ts';
import { BECOME_OWNER } from '../../src/database/roles.ts';

/** Runs statements as the user that connected: here a superuser, whom nothing stops. */
export async function asOwner(database: Database, script: string): Promise<void> {
  await database.transaction(async (session) => {
    await session.execute(BECOME_OWNER);
    await session.execute(script);
  });
}
