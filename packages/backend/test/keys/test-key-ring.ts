import { randomBytes } from 'node:crypto';
import { silentLogger } from '@tillcast/broker';
import type { Database } from '../../src/database/database.ts';
import { type KeyRingOptions, openKeyRing, type StoredKeyRing } from '../../src/keys/stored-key-ring.ts';

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
