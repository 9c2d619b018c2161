import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk that can be filled up and freed again. */
export interface SmallDisk extends AsyncDisposable {
  /** A folder on it. */
  readonly path: string;
  /** Leaves no more than so many bytes on it. @param pid who writes on it */
  readonly fill: (leaveBytes: number, pid: number) => Promise<void>;
  readonly free: (pid: number) => Promise<void>;
}

/** Whether this process may mount a disk of its own: root on Linux may, outside most containers. */
export const MOUNTS: boolean = canMount();

/** A disk of so many bytes; where none can be mounted, a folder in which a process may at times write nothing. */
export async function openSmallDisk(bytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'tillcast-disk-'));
  return MOUNTS ? mounted(path, bytes) : limited(path);
}

async function mounted(path: string, bytes: number): Promise<SmallDisk> {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0755`, 'tillcast-test', path]);
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: async (leaveBytes) => {
      await using file = await open(ballast, 'w');
      const written = await writeUntilFull(file);
      await file.truncate(Math.max(0, written - leaveBytes));
    },
    free: () => rm(ballast, { force: true }),
    [Symbol.asyncDispose]: async () => {
      await run('umount', [path]);
      await rm(path, { recursive: true });
    },
  };
}

/** A process that may let no file grow hears EFBIG where a full disk says ENOSPC; both write less than they were asked to. */
function limited(path: string): SmallDisk {
  const limit = (pid: number, bytes: string): Promise<unknown> =>
    run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
  return {
    path,
    fill: async (_, pid) => void (await limit(pid, '0')),
    free: async (pid) => void (await limit(pid, 'unlimited')),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

async function writeUntilFull(file: {
  readonly write: (bytes: Buffer) => Promise<{ readonly bytesWritten: number }>;
}): Promise<number> {
  let written = 0;
  for (const size of [1 << 20, 1 << 12]) {
    const piece = Buffer.alloc(size);
    for (;;) {
      try {
        written += (await file.write(piece)).bytesWritten;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') break;
        throw error;
      }
    }
  }
  return written;
}

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const path = mkdtempSync(join(tmpdir(), 'tillcast-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tillcast-test', path], { stdio: 'ignore' });
    execFileSync('umount', [path]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(path);
  }
}
