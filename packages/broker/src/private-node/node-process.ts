import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import { endProcess, endsWithin } from './end-process.ts';
import { identityOf, type ProcessIdentity } from './process-identity.ts';

/** How a process of ours ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child of ours. */
export interface NodeProcess {
  readonly pid: number;
  /** Resolves when it ended, for whatever reason. */
  readonly exited: Promise<ProcessExit>;
  hasExited(): boolean;
  /** SIGTERM, then SIGKILL after `graceMs`; returns when it has ended. */
  end(graceMs: number): Promise<{ readonly killed: boolean }>;
}

/** What to run. */
export interface NodeProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The folder it runs in. */
  readonly cwd: string;
  /** The file its output is appended to. */
  readonly output: string;
}

/**
 * Starts a child in a process group of its own, so that a Ctrl-C at the terminal does not reach it before
 * its owner has stopped in order. Should the owner exit without having stopped it, it is told to end.
 */
export async function startProcess(options: NodeProcessOptions): Promise<NodeProcess> {
  const output: FileHandle = await open(options.output, 'a', 0o600);
  let child: ChildProcess;
  let pid: number;
  try {
    child = spawn(options.command, [...options.args], {
      env: options.env,
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    pid = await started(child, options.command);
  } finally {
    await output.close();
  }
  const terminate = (): void => {
    child.kill('SIGTERM');
  };
  process.once('exit', terminate);
  const { promise: exited, resolve } = Promise.withResolvers<ProcessExit>();
  let ended = false;
  const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
    ended = true;
    process.removeListener('exit', terminate);
    resolve({ code, signal });
  };
  if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
  else child.once('exit', onExit);
  const identity: ProcessIdentity | null = await identityOf(pid);
  return {
    pid,
    exited,
    hasExited: () => ended,
    end: async (graceMs) => {
      if (ended || identity === null) return { killed: false };
      const result = await endProcess(identity, graceMs);
      await endsWithin(identity, 1_000);
      await exited;
      return result;
    },
  };
}

function started(child: ChildProcess, command: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('spawn', () => {
    if (child.pid === undefined)
      reject(new TillcastError('broker_start_failed', `${command} was started without a pid.`));
    else resolve(child.pid);
  });
  child.once('error', (cause) => {
    reject(
      new TillcastError('broker_start_failed', `${command} could not be run: ${cause.message}`, { cause }),
    );
  });
  return promise;
}
