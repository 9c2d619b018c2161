import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of its own that serves something. */
export interface ChildServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** Starts a program of bench/lib that tells its URL once it listens, and ends when it is let go. */
export async function startChild(program: URL, args: readonly string[] = []): Promise<ChildServer> {
  const child: ChildProcess = fork(program, [...args], { execArgv: [] });
  const told: unknown[] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const [url] = told;
  const { pid } = child;
  if (typeof url !== 'string' || pid === undefined) throw new Error(`${program.pathname} did not start.`);
  return {
    url,
    pid,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
