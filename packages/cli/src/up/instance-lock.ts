import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TillcastError } from '@tillcast/protocol/errors';
import { readRunning } from './running-file.ts';

/** One demo at a time has a data directory. */
export interface InstanceLock {
  release(): void;
}

/**
 * Takes the data directory for this process. The lock is SQLite's on a file of its own: the system gives it
 * up with the process, however that ends, so that there is never a stale one to judge.
 * @throws TillcastError `data_in_use` that names who runs there
 */
export async function lockInstance(dataDir: string): Promise<InstanceLock> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = new DatabaseSync(join(dataDir, 'up.lock'), { timeout: 0 });
  try {
    file.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    file.close();
    if (!isBusy(cause)) throw cause;
    const running = await readRunning(dataDir);
    const who = running === null ? '' : ` (pid ${running.pid}, ${running.backend})`;
    throw new TillcastError(
      'data_in_use',
      `Tillcast runs from ${dataDir} already${who}. Stop it with Ctrl-C where it was started, or give this one another --data-dir, --port and --till-ports.`,
      { cause },
    );
  }
  return { release: () => file.close() };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
