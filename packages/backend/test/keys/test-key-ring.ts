import { randomBytes } from 'node:crypto';
import { silentLogger } from '@tillcast/broker';
import type { Database } from '../../src/database/database.ts';
import { type KeyRingOptions, openKeyRing, type StoredKeyRing } from '../../src/keys/stored-key-ring.ts';
import { asOwner } from '../database/as-owner.ts';

/** A key ring on this database, with a secret key of its own unless one is given. */
export function openTestKeyRing(
  database: Database,
  options: Partial<KeyRingOptions> = {},
): Promise<StoredKeyRing> {
  return openKeyRing({
    database,
    secretKey: randomBytes(32),
    dataDir: '/nonexistent',
    logger: silentLogger,
    now: () => new Date(),
    ...options,
  });
}

/** Makes every stored key older; those who have read them already do not see it. */
export async function ageKeys(database: Database, byMs: number): Promise<void> {
  await asOwner(
    database,
    `UPDATE signing_keys SET created_at = created_at - interval '${byMs} milliseconds',
      retired_at = retired_at - interval '${byMs} milliseconds'`,
  );
}
