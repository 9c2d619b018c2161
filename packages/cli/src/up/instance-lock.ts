import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExclusiveLock, takeExclusiveLock } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { readRunning } from './running-file.ts';

/**
 * Takes the data directory for this process: one demo at a time has it.
 * @throws TillcastError `data_in_use` that names who runs there
 */
export async function lockInstance(dataDir: string): Promise<ExclusiveLock> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = takeExclusiveLock(join(dataDir, 'up.lock'));
  if (lock !== null) return lock;
  const running = await readRunning(dataDir);
  const who = running === null ? '' : ` (pid ${running.pid}, ${running.backend})`;
  throw new TillcastError(
    'data_in_use',
    `Tillcast runs from ${dataDir} already${who}. Stop it with Ctrl-C where it was started, or give this one another --data-dir, --port and --till-ports.`,
  );
}
