import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { parseReport } from './parent-link.ts';

/** What to run as a process of its own. */
export interface ChildServiceOptions {
  /** For messages: `the backend`. */
  readonly name: string;
  /** The words after `tillcast`. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Its output is appended there. */
  readonly logPath: string;
}

/** A `tillcast server` or `tillcast terminal` of ours. */
export interface ChildService {
  readonly name: string;
  readonly pid: number;
  /** Its address, when it serves; rejects when it could not start. */
  readonly ready: Promise<string>;
  /** How it ended, asked for or not: `exit code 1`, `SIGKILL`. */
  readonly exited: Promise<string>;
  /** SIGTERM, and SIGKILL after `graceMs`; returns when it has ended. */
  stop(graceMs: number): Promise<void>;
  /** The end of its log. */
  readonly logTail: () => Promise<string>;
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const TAIL_LINES = 12;

/**
 * Starts a service in a process group of its own, so that a Ctrl-C reaches it only through us, in order. It
 * ends by itself when this process is no more, since its channel to us closes then.
 */
export async function startChildService(options: ChildServiceOptions): Promise<ChildService> {
  const log = await open(options.logPath, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [MAIN, ...options.args], {
      env: options.env,
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
  } finally {
    await log.close();
  }
  const exited = exitOf(child);
  const ready = readinessOf(child, exited, options);
  // Whoever waits for it hears of it; nobody has to.
  ready.catch(() => undefined);
  return {
    name: options.name,
    pid: child.pid ?? 0,
    ready,
    exited,
    stop: async (graceMs) => {
      child.kill('SIGTERM');
      const overdue = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(overdue);
    },
    logTail: () => tailOf(options.logPath),
  };
}

function exitOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.once('error', (error) => resolve(error.message));
  child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  return promise;
}

async function readinessOf(
  child: ChildProcess,
  exited: Promise<string>,
  options: ChildServiceOptions,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.on('message', (message) => {
    const report = parseReport(message);
    if (report?.type === 'ready') resolve(report.url);
    else if (report?.type === 'failed' && isErrorCode(report.code)) {
      reject(new TillcastError(report.code, `${capital(options.name)} did not start: ${report.message}`));
    }
  });
  // A failure that is told arrives before the end; this is for the others.
  const end = exited.then(async (how): Promise<never> => {
    throw new TillcastError(
      'internal',
      `${capital(options.name)} ended while it started (${how}). Its log, ${options.logPath}, ends with:\n${await tailOf(options.logPath)}`,
    );
  });
  return Promise.race([promise, end]);
}

async function tailOf(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return lines
    .slice(-TAIL_LINES)
    .map((line) => `  ${line.slice(0, 300)}`)
    .join('\n');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
