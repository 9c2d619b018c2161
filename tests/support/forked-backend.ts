import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A backend in a process of its own; disposing of it stops it. */
export interface ForkedBackend extends AsyncDisposable {
  readonly url: string;
}

/** Starts one. Rejects where it ends before it listens. */
export async function forkBackend(environment: Readonly<Record<string, string>>): Promise<ForkedBackend> {
  const child = fork(new URL('./backend-process.ts', import.meta.url), {
    execArgv: [],
    env: { PATH: process.env['PATH'], ...environment },
  });
  const told: unknown[] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const [url] = told;
  if (typeof url !== 'string') throw new Error('The backend did not start.');
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      if (!child.connected) return;
      child.disconnect();
      await ended;
    },
  };
}
