import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessIdentity } from './process-identity.ts';

const POLL_MS = 50;

/**
 * Ends one process: SIGTERM, and SIGKILL when it still runs after `graceMs`. Does nothing when the process
 * of this identity does not run, so it never hits another one that was given the same pid.
 *
 * @returns whether it had to be killed
 */
export async function endProcess(
  identity: ProcessIdentity,
  graceMs: number,
): Promise<{ readonly killed: boolean }> {
  if (!(await signalIt(identity, 'SIGTERM'))) return { killed: false };
  if (await endsWithin(identity, graceMs)) return { killed: false };
  await signalIt(identity, 'SIGKILL');
  if (!(await endsWithin(identity, 10_000))) {
    throw new Error(`Process ${identity.pid} did not end on SIGKILL`);
  }
  return { killed: true };
}

/** Whether the process ended before `timeoutMs` passed. */
export async function endsWithin(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  while (await isRunning(identity)) {
    if (performance.now() >= until) return false;
    await sleep(POLL_MS);
  }
  return true;
}

async function signalIt(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isRunning(identity))) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
