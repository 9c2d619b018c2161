import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** In the environment of a test run and of everything it starts. */
export const RUN_MARK = 'TILLCAST_TEST_RUN';

/** A process that a test run left behind. */
export interface LeftoverProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Processes that carry a test run's mark in their environment or in their arguments. Where there is no /proc (not Linux), none are
 * found.
 * @param mark the value of RUN_MARK
 * @param isExpected tells those that may still be there
 */
export function findLeftovers(
  mark: string,
  isExpected: (process: LeftoverProcess) => boolean,
): LeftoverProcess[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => describe(Number(entry), mark))
    .filter((found) => found !== undefined)
    .filter((found) => found.pid !== process.pid && !isExpected(found));
}

function describe(pid: number, mark: string): LeftoverProcess | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    const isOfRun = variables.includes(`${RUN_MARK}=${mark}`) || command.includes(mark);
    if (!isOfRun) return undefined;
    // A process that has ended but was not waited for has no command line any more.
    return command === '' ? undefined : { pid, command };
  } catch {
    // It ended while we looked, or it is somebody else's.
    return undefined;
  }
}
