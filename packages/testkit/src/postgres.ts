import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from './ports.ts';
import { postgresBinFolder, postgresUser } from './postgres-programs.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const PORT_ATTEMPTS = 3;

/** How a private cluster is started. */
export interface PrivatePostgresOptions {
  /**
   * Whether commits wait for the disk. On by default, since what a commit costs is part of what benchmarks
   * measure and of how transactions interleave.
   */
  readonly fsync?: boolean;
  /** Where its folder is made. Default: among the temporary files. */
  readonly parentFolder?: string;
  /** More settings, by their names in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL of one's own: nobody else's cluster is touched, and nothing of it outlives `stop`. */
export interface PrivatePostgres extends AsyncDisposable {
  /** Connects as superuser to the database `postgres`, over TCP on the loopback address. */
  readonly url: string;
  readonly port: number;
  /** Of the server that runs. */
  readonly pid: number;
  /** Kills the server (-9); resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it anew on its data, at the same port; resolves when it answers. */
  readonly startAgain: () => Promise<void>;
  /** Ends the server in order, its sessions with it; its data stays. */
  readonly shutDown: () => Promise<void>;
  /** Ends all sessions and the server, and removes its data. Safe to call more than once. */
  readonly stop: () => Promise<void>;
}

/**
 * Makes a cluster in a temporary folder and starts it. It listens on 127.0.0.1 alone, with a random
 * password and without a Unix socket.
 */
export async function startPrivatePostgres(options: PrivatePostgresOptions = {}): Promise<PrivatePostgres> {
  const folder = await mkdtemp(join(options.parentFolder ?? tmpdir(), 'tillcast-postgres-'));
  try {
    const password = randomBytes(16).toString('hex');
    await initCluster(folder, password);
    return await startOnFreePort(folder, password, options);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function initCluster(folder: string, password: string): Promise<void> {
  const user = postgresUser();
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) {
    await chown(folder, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  const args = ['--pgdata', join(folder, 'data'), '--username', 'tillcast', '--pwfile', passwordFile];
  args.push('--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--no-sync');
  const initdb = spawn(join(postgresBinFolder(), 'initdb'), args, {
    ...user,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
  };
  initdb.stdout.on('data', keep);
  initdb.stderr.on('data', keep);
  await once(initdb, 'close');
  if (initdb.exitCode !== 0) throw new Error(`PostgreSQL's initdb failed:\n${output}`);
}

async function startOnFreePort(
  folder: string,
  password: string,
  options: PrivatePostgresOptions,
): Promise<PrivatePostgres> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const logFile = join(folder, `server-${attempt}.log`);
    const server = await launch(folder, port, logFile, options);
    const url = `postgres://tillcast:${password}@127.0.0.1:${port}/postgres`;
    if (await becomesReady(server, url)) return handleOf(server, { folder, url, port, options });
    await end(server);
    const log = await readFile(logFile, 'utf8');
    const portWasTaken = log.includes('could not bind');
    if (!portWasTaken || attempt === PORT_ATTEMPTS) throw new Error(`PostgreSQL did not start:\n${log}`);
  }
}

async function launch(
  folder: string,
  port: number,
  logFile: string,
  options: PrivatePostgresOptions,
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: options.fsync === false ? 'off' : 'on',
    max_connections: '200',
    ...options.settings,
  };
  const args = ['-D', join(folder, 'data'), '-p', String(port)];
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`);
  const log = await open(logFile, 'a');
  try {
    const server = spawn(join(postgresBinFolder(), 'postgres'), args, {
      ...postgresUser(),
      cwd: folder,
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(server, 'spawn');
    return server;
  } finally {
    await log.close();
  }
}

/** Resolves to false when the server ends, or does not answer in time. */
async function becomesReady(server: ChildProcess, url: string): Promise<boolean> {
  const giveUpAtMs = performance.now() + START_TIMEOUT_MS;
  while (!hasEnded(server) && performance.now() < giveUpAtMs) {
    if (await answers(url)) return true;
    await pause(50);
  }
  return false;
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  // A server that is going away ends the session; the next query is what reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

function handleOf(
  first: ChildProcess,
  at: {
    readonly folder: string;
    readonly url: string;
    readonly port: number;
    readonly options: PrivatePostgresOptions;
  },
): PrivatePostgres {
  const { folder, url, port, options } = at;
  let server = first;
  const pidOf = (): number => {
    if (server.pid === undefined) throw new Error('PostgreSQL was started but has no process id.');
    return server.pid;
  };
  const stop = async (): Promise<void> => {
    await end(server);
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url,
    port,
    get pid() {
      return pidOf();
    },
    kill: async () => {
      const ended = once(server, 'exit');
      process.kill(pidOf(), 'SIGKILL');
      await ended;
    },
    startAgain: async () => {
      const giveUpAtMs = performance.now() + START_TIMEOUT_MS;
      // What a killed server's sessions share holds the data until the last of them has noticed.
      while (performance.now() < giveUpAtMs) {
        server = await launch(folder, port, join(folder, 'again.log'), options);
        if (await becomesReady(server, url)) return;
        await end(server);
      }
      throw new Error(
        `PostgreSQL did not start again:\n${await readFile(join(folder, 'again.log'), 'utf8')}`,
      );
    },
    shutDown: () => end(server),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}

/** A fast shutdown (SIGINT: sessions are ended, data is kept whole), or at last an immediate one. */
async function end(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  const impatient = setTimeout(() => server.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(impatient);
}
