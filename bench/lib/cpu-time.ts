import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever its kernel's own tick is. */
const TICK_MS = 10;

/**
 * The CPU time that a process has used so far, in milliseconds: all of its threads, and all its children, those
 * that have ended and were waited for included. What else runs on the machine makes it no longer, or little.
 * Linux alone; exact to 10 ms a process.
 */
export function cpuTimeMs(pid: number): number {
  const own = ticksOf(pid);
  return childrenOf(pid).reduce((sum, child) => sum + cpuTimeMs(child), own * TICK_MS);
}

function ticksOf(pid: number): number {
  const fields = statOf(pid);
  // user, system, and both of ended children: fields 14 to 17 by proc(5), where the third is the first here.
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields?.[index] ?? 0), 0);
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => statOf(each)?.[1] === String(pid));
}

/** The fields after the program's name, which may hold spaces; null for a process that has ended. */
function statOf(pid: number): readonly string[] | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null;
    throw error;
  }
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
