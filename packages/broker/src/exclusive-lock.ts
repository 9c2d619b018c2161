import { DatabaseSync } from 'node:sqlite';

/** A file that this process alone has, until released. */
export interface ExclusiveLock {
  /** Safe to call more than once. */
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * Takes the lock on a file, which is made where it is missing; null when somebody has it, be it this process.
 *
 * The lock is SQLite's, so in the end the kernel's: it goes with its process, however that ends. A file that
 * names its owner by pid would have to be judged stale, and of several judges that come at once two can win.
 */
export function takeExclusiveLock(path: string): ExclusiveLock | null {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null;
    throw error;
  }
  return {
    release: () => {
      if (file.isOpen) file.close();
    },
  };
}
