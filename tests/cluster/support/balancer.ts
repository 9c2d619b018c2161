import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type NodeProcess, startProcess } from '../../../packages/broker/src/private-node/node-process.ts';

const CONFIG = fileURLToPath(new URL('../../../deploy/haproxy/haproxy.cfg', import.meta.url));
const PROGRAMS = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy', '/opt/homebrew/bin/haproxy'];

/** HAProxy on the configuration that ships. */
export interface Balancer extends AsyncDisposable {
  readonly pid: () => number;
  /** Kills it (-9); resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Lets it finish what it has (SIGUSR1); resolves when it is gone. */
  readonly drain: () => Promise<void>;
  /** Starts it; resolves when it answers. */
  readonly start: () => Promise<void>;
  /** Its measurements. */
  readonly metrics: () => Promise<string>;
}

/**
 * @param address where it listens
 * @param tls the folder with ca.pem, backend.pem and backend.key.pem
 * @param nameServer who knows the other machines
 */
export async function startBalancer(
  address: string,
  folder: string,
  tls: string,
  nameServer: string,
): Promise<Balancer> {
  await mkdir(folder, { recursive: true });
  // As the compose file says that it is made.
  const pair = await Promise.all(['backend.pem', 'backend.key.pem'].map((name) => readFile(join(tls, name))));
  await writeFile(join(tls, 'haproxy.pem'), Buffer.concat(pair), { mode: 0o600 });
  let running: NodeProcess | null = null;
  const url = `http://${address}:8404`;
  const start = async (): Promise<void> => {
    running = await startProcess({
      command: await program(),
      args: ['-f', CONFIG, '-db'],
      env: {
        TILLCAST_TLS: tls,
        TILLCAST_BIND: address,
        TILLCAST_DNS: nameServer,
        TILLCAST_TEST_RUN: process.env['TILLCAST_TEST_RUN'] ?? '',
      },
      cwd: folder,
      output: join(folder, 'output.log'),
    });
    while (!(await answers(`${url}/health`))) {
      if (running.hasExited())
        throw new Error(`HAProxy ended:\n${await readFile(join(folder, 'output.log'), 'utf8')}`);
      await pause(20);
    }
  };
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    if (running === null || running.hasExited()) return;
    process.kill(running.pid, name);
    await running.exited;
  };
  await start();
  return {
    pid: () => running?.pid ?? 0,
    kill: () => signal('SIGKILL'),
    drain: () => signal('SIGUSR1'),
    start,
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
    [Symbol.asyncDispose]: () => signal('SIGTERM'),
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}

async function program(): Promise<string> {
  for (const path of PROGRAMS) {
    try {
      await readFile(path);
      return path;
    } catch {
      continue;
    }
  }
  throw new Error('HAProxy is not installed: npm run test:cluster installs it.');
}
