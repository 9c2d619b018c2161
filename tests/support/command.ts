import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/tillcast.mjs', import.meta.url));

/** What one run of the command came to. */
export interface CliOutcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What stands on its standard input; nothing by default. */
  readonly input?: string;
  /** Interrupts it as Ctrl-C does, when this aborts. */
  readonly interrupt?: AbortSignal;
}

/** Runs the real command as a process of its own, to its end. */
export function runCommand(argv: readonly string[], options: RunOptions): Promise<CliOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<CliOutcome>();
  const env = { ...process.env, NO_COLOR: '1', ...options.env };
  const child = spawn(process.execPath, [BIN, ...argv], { cwd: options.cwd, env });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
  child.once('error', reject);
  options.interrupt?.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
  child.once('close', (code) => resolve({ code, out, err }));
  child.stdin.end(options.input ?? '');
  return promise;
}
