import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identityOf, isRunning, type ProcessIdentity } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';
import { codeOf } from './sql-error.ts';

/** A directory that only this process uses, until released. */
export interface DirectoryLock {
  /** Where the data itself is, beside the lock file. */
  readonly dataDir: string;
  release(): Promise<void>;
}

const ownerSchema: z.ZodType<ProcessIdentity & { readonly token: string }> = z.object({
  pid: z.int().positive(),
  startedAt: z.string(),
  token: z.string(),
});

/**
 * Takes a directory for this process alone. PGlite takes no lock itself, and two processes on one directory
 * silently lose rows. The lock of a process that is no more is taken over: a file names the owner by pid and
 * start time, since a pid alone comes again.
 * @throws TillcastError `data_in_use` when its owner is alive, be it this process
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'owner.json');
  const owner = await identityOf(process.pid);
  if (owner === null)
    throw new TillcastError('internal', 'This process does not find itself; is /proc mounted?');
  const token = crypto.randomUUID();
  while (!(await createWhole(path, JSON.stringify({ ...owner, token }), token))) {
    await removeStale(path, directory, token);
  }
  return {
    dataDir: join(directory, 'pgdata'),
    release: () => rm(path, { force: true }),
  };
}

/** Creates the file with its content in one step; false when there is one. Nobody ever reads half a file. */
async function createWhole(path: string, content: string, token: string): Promise<boolean> {
  const draft = `${path}.${token}`;
  await writeFile(draft, content, { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function removeStale(path: string, directory: string, token: string): Promise<void> {
  const found = await readOwner(path, directory);
  if (found === null) return;
  if (await isRunning(found)) throw inUse(directory, `by the process with pid ${found.pid}`);
  // Moved away rather than removed: of two that found it stale at once, only one moves that very file.
  const moved = `${path}.${token}.stale`;
  try {
    await rename(path, moved);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const taken = await readOwner(moved, directory);
  // The other one was faster, and this is its new lock: give it back.
  if (taken !== null && taken.token !== found.token) await link(moved, path);
  await rm(moved, { force: true });
}

async function readOwner(
  path: string,
  directory: string,
): Promise<(ProcessIdentity & { readonly token: string }) | null> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw inUse(
      directory,
      `or not: ${path} cannot be read; remove it if no process uses the directory`,
      error,
    );
  }
}

function inUse(directory: string, how: string, cause?: unknown): TillcastError {
  return new TillcastError(
    'data_in_use',
    `The database in ${directory} is in use ${how}. Stop that process, or choose another data directory.`,
    { cause },
  );
}
