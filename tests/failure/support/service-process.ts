import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** The tests' mark, so that a process that stays behind is found. */
const RUN_MARK = 'TILLCAST_TEST_RUN';

/** A backend or a till as a process of its own, which can be wronged. */
export interface ServiceProcess extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  readonly pid: number;
  readonly isRunning: () => boolean;
  /** What it has written to its standard output, up to now. */
  readonly output: () => string;
  /** Kills it (-9); resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Stops it in its tracks (SIGSTOP) until it is thawed. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Stops it in order. */
  readonly stop: () => Promise<void>;
}

export interface ServiceProcessOptions {
  readonly script: URL;
  readonly environment: Readonly<Record<string, string>>;
  /** Modules to load before the script. */
  readonly preload?: readonly URL[];
}

/** Starts one. Rejects where it ends before it listens. */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const child = fork(options.script, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execArgv: (options.preload ?? []).flatMap((module) => ['--import', module.href]),
    env: { PATH: process.env['PATH'], [RUN_MARK]: process.env[RUN_MARK], ...options.environment },
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const [url]: unknown[] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const { pid } = child;
  if (typeof url !== 'string' || pid === undefined) throw new Error('The process ended before it listened.');
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const stop = async (): Promise<void> => {
    if (!isRunning()) return;
    const ended = once(child, 'exit');
    child.kill('SIGCONT');
    if (child.connected) child.disconnect();
    const impatient = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(impatient);
  };
  return {
    url,
    pid,
    isRunning,
    output: () => output,
    kill: () => kill(child, isRunning),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function kill(child: ChildProcess, isRunning: () => boolean): Promise<void> {
  if (!isRunning()) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
