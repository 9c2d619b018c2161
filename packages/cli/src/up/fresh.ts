import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removePrivateNodeData, silentLogger, takeExclusiveLock } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { ACTIVATION_CODES_FILE } from './activation-codes.ts';
import { BROKER_PASSWORDS_FILE } from './broker-passwords.ts';

/** What a demo makes in its data directory, besides its lock and the broker's folder. Nothing else there is touched. */
const MADE = [
  'database',
  'terminals',
  'logs',
  'admin-api-key',
  'secret-key',
  'rabbitmq-docker',
  BROKER_PASSWORDS_FILE,
  ACTIVATION_CODES_FILE,
] as const;

/**
 * Removes what earlier demos left in a data directory. The caller holds the instance lock.
 * @throws TillcastError `data_in_use` when a backend, a till or a broker still runs on it
 */
export async function removeDemoData(dataDir: string): Promise<void> {
  refuseLiveOwner(join(dataDir, 'database'));
  await removePrivateNodeData(join(dataDir, 'rabbitmq'), silentLogger);
  for (const name of MADE) await rm(join(dataDir, name), { recursive: true, force: true });
}

/** A `tillcast server` that was started by hand on the same directory has its lock. */
function refuseLiveOwner(folder: string): void {
  if (!existsSync(folder)) return;
  const lock = takeExclusiveLock(join(folder, 'owner.lock'));
  if (lock === null) {
    throw new TillcastError(
      'data_in_use',
      `${folder} is in use by another process: stop it first. Nothing was removed.`,
    );
  }
  lock.release();
}
