import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';
import { endProcess } from './end-process.ts';
import { commandLineOf, identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';

/**
 * The file in a data directory that says whose node runs there: its owner (the process that started it) and
 * the processes that were started, each with a marker from its command line.
 */
interface ClaimFile {
  readonly owner: ProcessIdentity;
  readonly processes: readonly ClaimedProcess[];
}

/** A started process: its pid, and what its command line must contain to be it. */
export interface ClaimedProcess {
  readonly pid: number;
  readonly marker: string;
}

const claimSchema: z.ZodType<ClaimFile> = z.object({
  owner: z.object({ pid: z.number().int().positive(), startedAt: z.string() }),
  processes: z.array(z.object({ pid: z.number().int().positive(), marker: z.string().min(1) })),
});

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
 * Claims a data directory. What an owner that is no more left running there is stopped first, by pid, and
 * only where the pid's command line still is that process's.
 *
 * @param onStale told what is being stopped
 * @throws `data_in_use` when the owner of the node there is alive
 */
export async function claimDirectory(
  dataDir: string,
  onStale: (stale: ClaimedProcess) => void,
): Promise<Claim> {
  const path = `${dataDir}/owner.json`;
  const owner = await identityOf(process.pid);
  if (owner === null)
    throw new TillcastError(
      'internal',
      'This process does not find itself among the running ones; is /proc mounted?',
    );
  let claim: ClaimFile = { owner, processes: [] };
  while (!(await createWhole(path, claim))) await takeOverIfStale(path, dataDir, onStale);
  return {
    record: async (started) => {
      claim = { owner, processes: [...claim.processes, started] };
      await writeFile(`${path}.${process.pid}`, JSON.stringify(claim), { mode: 0o600 });
      await rename(`${path}.${process.pid}`, path);
    },
    release: () => rm(path, { force: true }),
  };
}

/** Creates the file with its content in one step, or returns false when there is one: nobody ever reads half a file. */
async function createWhole(path: string, claim: ClaimFile): Promise<boolean> {
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, JSON.stringify(claim), { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function takeOverIfStale(
  path: string,
  dataDir: string,
  onStale: (stale: ClaimedProcess) => void,
): Promise<void> {
  const found = await readClaim(path);
  if (found === null) return;
  const node = found.processes.at(-1);
  if (await isRunning(found.owner)) {
    throw new TillcastError(
      'data_in_use',
      `AMQP node in use by pid ${found.owner.pid}: that process runs ${node === undefined ? 'a node' : `the node with pid ${node.pid}`} on ${dataDir}. Stop it, or use another data directory.`,
    );
  }
  for (const stale of found.processes.toReversed()) {
    const identity = await identityOf(stale.pid);
    const commandLine = await commandLineOf(stale.pid);
    if (identity === null || commandLine?.includes(stale.marker) !== true) continue;
    onStale(stale);
    await endProcess(identity, STALE_GRACE_MS);
  }
  // Moved away rather than removed: of two that took it for stale at once, only one can move it.
  const moved = `${path}.${process.pid}.stale`;
  try {
    await rename(path, moved);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  const taken = await readClaim(moved);
  // The other one was faster and this is its new claim: give it back.
  if (taken !== null && taken.owner.pid !== found.owner.pid) await link(moved, path);
  await rm(moved, { force: true });
}

async function readClaim(path: string): Promise<ClaimFile | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return claimSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new TillcastError(
      'data_in_use',
      `${path} cannot be read, so it is not known whether a node runs there. Make sure that none does, and remove that file.`,
      { cause: error },
    );
  }
}
