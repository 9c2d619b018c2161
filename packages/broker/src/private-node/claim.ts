import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';
import { takeExclusiveLock } from '../exclusive-lock.ts';
import { endProcess } from './end-process.ts';
import { commandLineOf, identityOf } from './process-identity.ts';

/** A started process: its pid, and what its command line must contain to be it. */
export interface ClaimedProcess {
  readonly pid: number;
  readonly marker: string;
}

const processesSchema: z.ZodType<readonly ClaimedProcess[]> = z.array(
  z.object({ pid: z.number().int().positive(), marker: z.string().min(1) }),
);

/** How long a stale node may take to stop before it is killed. */
const STALE_GRACE_MS = 15_000;

/** A data directory that is ours. */
export interface Claim {
  /** Writes down a started process, so that a later start finds it should we be killed. */
  record(started: ClaimedProcess): Promise<void>;
  /** Gives the directory up; its processes must have ended. */
  release(): Promise<void>;
}

/**
 * Claims a data directory for this process. What an owner that is no more left running there is stopped first,
 * by pid, and only where the pid's command line still is that process's.
 *
 * @param onStale told what is being stopped
 * @throws `data_in_use` when the owner of the node there is alive
 */
export async function claimDirectory(
  dataDir: string,
  onStale: (stale: ClaimedProcess) => void,
): Promise<Claim> {
  const path = `${dataDir}/processes.json`;
  const lock = takeExclusiveLock(`${dataDir}/owner.lock`);
  if (lock === null) {
    const node = (await readProcesses(path)).at(-1);
    const which = node === undefined ? 'a RabbitMQ node' : `the RabbitMQ node with pid ${node.pid}`;
    throw new TillcastError(
      'data_in_use',
      `Another process runs ${which} on ${dataDir}. Stop that process, or use another data directory.`,
    );
  }
  try {
    for (const stale of (await readProcesses(path)).toReversed()) await endStale(stale, onStale);
    await rm(path, { force: true });
  } catch (error) {
    lock.release();
    throw error;
  }
  const processes: ClaimedProcess[] = [];
  return {
    record: async (started) => {
      processes.push(started);
      await writeFile(`${path}.new`, JSON.stringify(processes), { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
    release: async () => {
      await rm(path, { force: true });
      lock.release();
    },
  };
}

async function endStale(stale: ClaimedProcess, onStale: (stale: ClaimedProcess) => void): Promise<void> {
  const identity = await identityOf(stale.pid);
  const commandLine = await commandLineOf(stale.pid);
  if (identity === null || commandLine?.includes(stale.marker) !== true) return;
  onStale(stale);
  await endProcess(identity, STALE_GRACE_MS);
}

async function readProcesses(path: string): Promise<readonly ClaimedProcess[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  try {
    return processesSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new TillcastError(
      'data_in_use',
      `${path} cannot be read, so it is not known whether a node runs there. Make sure that none does, and remove that file.`,
      { cause: error },
    );
  }
}
