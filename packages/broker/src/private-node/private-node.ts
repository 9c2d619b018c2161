import { mkdir, writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { delimiter, resolve as resolvePath } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import { textOf } from '../amqp-error.ts';
import { type BrokerCredentials, connectOnce } from '../connect-once.ts';
import type { Logger } from '../logger.ts';
import { ManagementClient } from '../management.ts';
import { type Claim, claimDirectory } from './claim.ts';
import { findRabbitmq, type RabbitmqInstallation } from './find-rabbitmq.ts';
import {
  enabledPlugins,
  type NodePaths,
  nodeConfig,
  nodeEnvironment,
  nodeMarker,
  nodePaths,
} from './node-config.ts';
import { type NodeProcess, type ProcessExit, startProcess } from './node-process.ts';
import { loadSettings, type NodeSettings, saveSettings } from './node-settings.ts';
import { choosePorts, LOOPBACK, type NodePorts } from './ports.ts';
import { startFailure } from './start-failure.ts';

/** How a private node is started. */
export interface PrivateNodeOptions {
  /** Holds all that is the node's own; created where it is missing. The same directory is the same node again. */
  readonly dataDir: string;
  /** Ports that must be these; the others are chosen, and kept from one start to the next where they are free. */
  readonly ports?: Partial<NodePorts>;
  /** Plugins besides `rabbitmq_management`. */
  readonly plugins?: readonly string[];
  /** Further lines of `rabbitmq.conf`; they go before our own of the same name. */
  readonly configExtra?: readonly string[];
  /** The text of `advanced.config`, an Erlang term, where `rabbitmq.conf` cannot say it. */
  readonly advancedConfig?: string;
  readonly logger: Logger;
  /** Default: what `findRabbitmq` finds. */
  readonly installation?: RabbitmqInstallation;
  /** Told where the start is; a start takes 5 to 20 seconds. */
  readonly onProgress?: (progress: PrivateNodeProgress) => void;
  /** Default 90,000. */
  readonly startTimeoutMs?: number;
  /** How long the node may take to stop before it is killed. Default 20,000. */
  readonly stopTimeoutMs?: number;
}

/** Where a start is. */
export interface PrivateNodeProgress {
  readonly phase: 'preparing' | 'starting' | 'booting' | 'ready';
  readonly elapsedMs: number;
}

/** A RabbitMQ of our own that runs. */
export interface PrivateNode extends AsyncDisposable {
  /** With user and password. */
  readonly amqpUrl: string;
  /** Without user and password. */
  readonly managementUrl: string;
  readonly credentials: BrokerCredentials;
  readonly ports: NodePorts;
  readonly pid: number;
  readonly version: string;
  /** Resolves when the node's process ended, asked for or not. */
  readonly exited: Promise<ProcessExit>;
  /** Stops the node and all that belongs to it, and gives its directory up. A second call waits for the first. */
  stop(): Promise<void>;
}

const POLL_MS = 250;

/**
 * Starts a RabbitMQ of our own: own name, ports on the loopback only, data, users, log and port mapper. It
 * touches no other node on the machine.
 *
 * @throws `broker_missing` when RabbitMQ is not installed, `data_in_use` when the directory's node is another
 *   living process's, `port_in_use`, and `broker_start_failed` with the end of the node's log
 */
export async function startPrivateNode(options: PrivateNodeOptions): Promise<PrivateNode> {
  const startedAt = performance.now();
  const progress = (phase: PrivateNodeProgress['phase']): void =>
    options.onProgress?.({ phase, elapsedMs: Math.round(performance.now() - startedAt) });
  progress('preparing');
  const installation = options.installation ?? (await findRabbitmq());
  if (installation === null) {
    throw new TillcastError(
      'broker_missing',
      'RabbitMQ is not installed, or its Erlang is not. Install it (Debian: apt install rabbitmq-server; macOS: brew install rabbitmq), or give the URL of a broker that runs.',
    );
  }
  const paths = nodePaths(resolvePath(options.dataDir));
  for (const folder of [paths.dataDir, paths.home, paths.mnesia, paths.log])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const claim = await claimDirectory(paths.dataDir, (stale) => {
    options.logger.warn(
      { pid: stale.pid, dataDir: paths.dataDir },
      'stopping what a process that is no more left running',
    );
  });
  const processes: NodeProcess[] = [];
  const stopAll = async (): Promise<void> => {
    // The node first: it signs off at its port mapper.
    for (const running of processes.toReversed()) {
      const { killed } = await running.end(options.stopTimeoutMs ?? 20_000);
      if (killed)
        options.logger.warn(
          { pid: running.pid },
          'a process of the private node did not stop in time and was killed',
        );
    }
    await claim.release();
  };
  try {
    const loaded = await loadSettings(paths.dataDir);
    const settings = { ...loaded, ports: await choosePorts(options.ports ?? {}, loaded.ports) };
    await saveSettings(paths.dataDir, settings);
    await writeFiles(paths, settings, options);
    progress('starting');
    processes.push(await startEpmd(installation, paths, settings.ports, claim));
    const node = await startServer(installation, paths, settings, claim);
    processes.push(node);
    progress('booting');
    const version = await untilReady(node, settings, paths, options.startTimeoutMs ?? 90_000);
    progress('ready');
    const { amqp, management } = settings.ports;
    options.logger.info(
      { pid: node.pid, amqpPort: amqp, managementPort: management, version },
      'the private RabbitMQ node runs',
    );
    let stopping: Promise<void> | null = null;
    const stop = (): Promise<void> => (stopping ??= stopAll());
    return {
      amqpUrl: amqpUrlOf(settings),
      managementUrl: managementUrlOf(settings.ports),
      credentials: { username: settings.username, password: settings.password },
      ports: settings.ports,
      pid: node.pid,
      version,
      exited: node.exited,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function amqpUrlOf(settings: NodeSettings & { readonly ports: NodePorts }): string {
  const { username, password, ports } = settings;
  return `amqp://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${LOOPBACK}:${ports.amqp}/`;
}

function managementUrlOf(ports: NodePorts): string {
  return `http://${LOOPBACK}:${ports.management}`;
}

async function writeFiles(
  paths: NodePaths,
  settings: NodeSettings & { readonly ports: NodePorts },
  options: PrivateNodeOptions,
): Promise<void> {
  const { amqp, management } = settings.ports;
  const config = nodeConfig({
    listenAddress: LOOPBACK,
    amqpPort: amqp,
    managementPort: management,
    username: settings.username,
    password: settings.password,
    extra: options.configExtra ?? [],
  });
  const files = [
    [paths.config, config],
    [paths.advancedConfig, options.advancedConfig ?? '[].\n'],
    [paths.enabledPlugins, enabledPlugins(options.plugins ?? [])],
    // Empty: without a file of its own, the script would read the system's node's.
    [paths.confEnv, ''],
    [paths.output, ''],
  ] as const;
  for (const [path, text] of files) await writeFile(path, text, { mode: 0o600 });
}

/**
 * Erlang needs a port mapper even for a node that talks to nobody, and would start a daemon for all nodes of
 * the machine, which outlives ours. So the node gets one of its own, on its own port, as our child.
 */
async function startEpmd(
  installation: RabbitmqInstallation,
  paths: NodePaths,
  ports: NodePorts,
  claim: Claim,
): Promise<NodeProcess> {
  const args = ['-port', String(ports.epmd), '-address', LOOPBACK];
  const epmd = await startProcess({
    command: installation.epmd,
    args,
    env: {},
    cwd: paths.dataDir,
    output: paths.output,
  });
  await claim.record({ pid: epmd.pid, marker: args.join(' ') });
  const until = performance.now() + 10_000;
  while (!(await accepts(ports.epmd))) {
    if (epmd.hasExited() || performance.now() > until) {
      throw await startFailure(
        paths,
        `Erlang's port mapper (${installation.epmd}) did not start on port ${ports.epmd}`,
      );
    }
    await sleep(20);
  }
  return epmd;
}

function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connectSocket({ host: LOOPBACK, port });
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function startServer(
  installation: RabbitmqInstallation,
  paths: NodePaths,
  settings: NodeSettings & { readonly ports: NodePorts },
  claim: Claim,
): Promise<NodeProcess> {
  const env = nodeEnvironment(paths, settings.ports, settings.nodename, {
    path: [installation.erlangBin, process.env['PATH'] ?? '', '/usr/bin', '/bin'].join(delimiter),
    lang: 'C.UTF-8',
  });
  const node = await startProcess({
    command: installation.serverScript,
    args: [],
    env,
    cwd: paths.dataDir,
    output: paths.output,
  });
  await claim.record({ pid: node.pid, marker: nodeMarker(settings.nodename) });
  return node;
}

/** Waits until AMQP and the management API really answer; returns the broker's version. */
async function untilReady(
  node: NodeProcess,
  settings: NodeSettings & { readonly ports: NodePorts },
  paths: NodePaths,
  timeoutMs: number,
): Promise<string> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const management = new ManagementClient({
    url: managementUrlOf(settings.ports),
    username: settings.username,
    password: settings.password,
    timeoutMs: 5_000,
  });
  for (;;) {
    let last: unknown;
    try {
      const { model } = await connectOnce({
        url: amqpUrlOf(settings),
        credentials: null,
        tls: {},
        heartbeatSeconds: 10,
        connectTimeoutMs: 5_000,
        connectionName: 'tillcast readiness',
        signal: deadline,
      });
      await model.close();
      const overview = await management.overview();
      return overview.rabbitmqVersion;
    } catch (error) {
      last = error;
    }
    if (node.hasExited()) {
      const { code, signal } = await node.exited;
      throw await startFailure(
        paths,
        `RabbitMQ ended while starting (${signal ?? `exit code ${code}`})`,
        last,
      );
    }
    if (deadline.aborted)
      throw await startFailure(
        paths,
        `RabbitMQ was not ready within ${timeoutMs} ms (${textOf(last)})`,
        last,
      );
    await sleep(POLL_MS);
  }
}
