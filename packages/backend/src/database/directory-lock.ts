import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { takeExclusiveLock } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';

/** A directory that only this process uses, until released. */
export interface DirectoryLock {
  /** Where the data itself is, beside the lock file. */
  readonly dataDir: string;
  release(): void;
}

/**
 * Takes a directory for this process alone. PGlite takes no lock itself, and two processes on one directory
 * silently lose rows.
 * @throws TillcastError `data_in_use` when somebody has it, be it this process
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = takeExclusiveLock(join(directory, 'owner.lock'));
  if (lock === null) {
    throw new TillcastError(
      'data_in_use',
      `The database in ${directory} is in use by another process. Stop that process, or choose another data directory.`,
    );
  }
  return { dataDir: join(directory, 'pgdata'), release: () => lock.release() };
}
