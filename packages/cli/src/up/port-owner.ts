import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * Who listens on a TCP port of this machine, as `nginx (pid 812)`; null where that cannot be known: not on
 * Linux, or another user's process.
 */
export async function portOwner(port: number): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  const sockets = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (await readOrEmpty(table)).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const localPort = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
      // 0A: listening.
      if (localPort === port && fields[3] === '0A' && fields[9] !== undefined)
        sockets.add(`socket:[${fields[9]}]`);
    }
  }
  if (sockets.size === 0) return null;
  const entries = await readdir('/proc');
  for (const pid of entries.filter((entry) => /^\d+$/.test(entry))) {
    if (await holds(pid, sockets)) return `${(await readOrEmpty(`/proc/${pid}/comm`)).trim()} (pid ${pid})`;
  }
  return null;
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  try {
    for (const descriptor of await readdir(`/proc/${pid}/fd`)) {
      if (sockets.has(await readlink(`/proc/${pid}/fd/${descriptor}`))) return true;
    }
  } catch (error) {
    // Another user's process, or one that ended meanwhile.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
  return false;
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}
