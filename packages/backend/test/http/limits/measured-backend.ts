import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, freshDatabase } from '@tillcast/testkit';

export const API_KEY = 'test-key-of-more-than-22-characters';

/** A backend in a process of its own, on a database of its own, with no broker to be reached. */
export interface MeasuredBackend extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Resident memory, in MiB. */
  readonly memoryMiB: () => Promise<number>;
}

export async function startMeasuredBackend(
  environment: Readonly<Record<string, string>> = {},
): Promise<MeasuredBackend> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-limits-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const database = stack.use(await freshDatabase());
  const child = fork(new URL('./backend-process.ts', import.meta.url), {
    execArgv: [],
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATABASE_URL: database.url,
      AMQP_URL: `amqp://127.0.0.1:${await freePort()}`,
      TILLCAST_DATA_DIR: folder,
      TILLCAST_API_KEY: API_KEY,
      ...environment,
    },
  });
  stack.defer(() => end(child));
  const [url]: unknown[] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (typeof url !== 'string') throw new Error('The backend did not start.');
  const kept = stack.move();
  return {
    url,
    port: Number(new URL(url).port),
    memoryMiB: () => memoryOf(child),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function memoryOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  if (child.connected) child.send('stop');
  else child.kill('SIGKILL');
  await ended;
}
