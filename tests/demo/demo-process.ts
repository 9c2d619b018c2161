import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from '@tillcast/testkit';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/tillcast.mjs', import.meta.url));

/** Where the demo's parts are, as `up --json` says. */
export interface Announcement {
  readonly backend: string;
  readonly terminals: readonly {
    readonly url: string;
    readonly license_key: string;
    readonly merchant: string;
  }[];
  readonly management: string | null;
  readonly api_key: string;
  readonly data_dir: string;
}

/** Ports for one demo: the backend's and the two tills'. */
export interface DemoPorts {
  readonly backend: number;
  readonly tills: readonly [number, number];
}

/** Three ports that are free, so that it can run beside another demo. */
export async function demoPorts(): Promise<DemoPorts> {
  const ports = new Set<number>();
  while (ports.size < 3) ports.add(await freePort());
  const [backend = 0, first = 0, second = 0] = ports;
  return { backend, tills: [first, second] };
}

/** `tillcast up` as a process of its own. */
export interface DemoProcess {
  readonly pid: number;
  /** Resolves when everything runs; rejects with what it said when it ends before. */
  readonly running: Promise<Announcement>;
  readonly exited: Promise<{ readonly code: number | null; readonly err: string }>;
  signal(name: NodeJS.Signals): void;
}

/** Starts the demo on a data directory. It finds its broker as on a fresh machine: no variable names one. */
export function startDemo(dataDir: string, ports: DemoPorts, ...more: readonly string[]): DemoProcess {
  const words = [
    '--data-dir',
    dataDir,
    '--port',
    String(ports.backend),
    '--till-ports',
    ports.tills.join(','),
  ];
  const child = spawn(process.execPath, [BIN, 'up', '--json', ...words, ...more], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
  const exited = new Promise<{ code: number | null; err: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, err }));
  });
  const running = announcementOf(child, exited);
  // A test of a start that is refused looks only at how it ended.
  running.catch(() => undefined);
  return { pid: child.pid ?? 0, running, exited, signal: (name) => void child.kill(name) };
}

async function announcementOf(
  child: ChildProcess,
  exited: Promise<{ code: number | null; err: string }>,
): Promise<Announcement> {
  const { promise, resolve } = Promise.withResolvers<Announcement>();
  let out = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
    if (!out.includes('\n')) return;
    const announcement: Announcement = JSON.parse(out);
    resolve(announcement);
  });
  const early = exited.then(({ code, err }): never => {
    throw new Error(`The demo ended before it ran, with exit code ${code}:\n${err}`);
  });
  return Promise.race([promise, early]);
}
