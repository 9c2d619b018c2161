import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What tells one process from a later one that got the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started: clock ticks since boot on Linux, a date elsewhere. Only ever compared. */
  readonly startedAt: string;
}

const run = promisify(execFile);

/** The identity of a running process, or null when there is none of this pid. */
export async function identityOf(pid: number): Promise<ProcessIdentity | null> {
  if (process.platform === 'linux') {
    const stat = await readProc(pid, 'stat');
    // The second field is the program's name in parentheses, which may hold anything; the third is the state.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    const startedAt = fields[19];
    // A zombie is dead, and waits only for its parent to notice.
    return startedAt === undefined || fields[0] === 'Z' ? null : { pid, startedAt };
  }
  const startedAt = await ps(pid, 'lstart=');
  return startedAt === null ? null : { pid, startedAt };
}

/** Whether the process of this identity still runs. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const now = await identityOf(identity.pid);
  return now !== null && now.startedAt === identity.startedAt;
}

/** A running process's command line with its arguments separated by blanks, or null when there is none. */
export async function commandLineOf(pid: number): Promise<string | null> {
  if (process.platform !== 'linux') return ps(pid, 'command=');
  const line = await readProc(pid, 'cmdline');
  return line === null || line === '' ? null : line.replaceAll('\0', ' ').trim();
}

async function readProc(pid: number, file: 'stat' | 'cmdline'): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    // ESRCH: it ended between opening and reading.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null;
    throw error;
  }
}

async function ps(pid: number, format: string): Promise<string | null> {
  try {
    const { stdout } = await run('ps', ['-o', format, '-p', String(pid)]);
    return stdout.trim() === '' ? null : stdout.trim();
  } catch (error) {
    // `ps` exits with 1 when there is no such process.
    if (error instanceof Error && 'code' in error && error.code === 1) return null;
    throw error;
  }
}
