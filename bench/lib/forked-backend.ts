import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createDatabase } from '@tillcast/testkit';
import type { BenchContext } from './benchmark.ts';

const API_KEY = 'a-key-for-benchmarks-on-loopback-only';

/** A backend in a process of its own, on a database of its own, so that who asks it does not share its event loop. */
export interface ForkedBackend extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly databaseUrl: string;
  /** Posts JSON to the admin API; rejects where it refuses. */
  readonly admin: (path: string, body: unknown) => Promise<unknown>;
  readonly post: (path: string, type: string, body: string) => Promise<unknown>;
}

/** @param env besides what every backend of a benchmark has */
export async function forkBenchBackend(
  context: BenchContext,
  env: Readonly<Record<string, string>> = {},
): Promise<ForkedBackend> {
  const database = await createDatabase(context.postgres.url);
  const child = fork(new URL('./backend-process.ts', import.meta.url), {
    execArgv: [],
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATABASE_URL: database.url,
      AMQP_URL: context.amqpUrl,
      TILLCAST_DATA_DIR: await context.folder(),
      TILLCAST_API_KEY: API_KEY,
      TILLCAST_AUTH: 'license-key',
      LOG_LEVEL: 'silent',
      ...env,
    },
  });
  const told: unknown[] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const [url] = told;
  if (typeof url !== 'string') throw new Error('The backend did not start.');
  const post = async (path: string, type: string, body: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': type };
    const answer = await fetch(url + path, { method: 'POST', headers, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  const { pid } = child;
  if (pid === undefined) throw new Error('The backend has no process.');
  return {
    url,
    pid,
    databaseUrl: database.url,
    admin: (path, body) => post(path, 'application/json', JSON.stringify(body)),
    post,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      if (child.connected) child.disconnect();
      await ended;
      await database.drop();
    },
  };
}
