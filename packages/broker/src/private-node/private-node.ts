import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';
import type { BrokerCredentials } from '../connect-once.ts';
import type { Logger } from '../logger.ts';
import { claimDirectory } from './claim.ts';
import { findRabbitmq, type RabbitmqInstallation } from './find-rabbitmq.ts';
import { enabledPlugins, type NodePaths, type NodeTls, nodeConfig, nodePaths } from './node-config.ts';
import { type LaunchContext, startEpmd, startServer } from './node-launch.ts';
import type { NodeProcess, ProcessExit } from './node-process.ts';
import { amqpUrlOf, managementUrlOf, untilReady } from './node-readiness.ts';
import { loadSettings, type RunningSettings, saveSettings } from './node-settings.ts';
import { choosePorts, LOOPBACK, type NodePorts } from './ports.ts';

/** How a private node is started. */
export interface PrivateNodeOptions {
  /** Holds all that is the node's own; created where it is missing. The same directory is the same node again. */
  readonly dataDir: string;
  /** Ports that must be these; the others are chosen, and kept from one start to the next where they are free. */
  readonly ports?: Partial<NodePorts>;
  /** It then speaks TLS alone, for AMQP and management alike; left out: plain text, on the loopback. */
  readonly tls?: NodeTls;
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
  /** Told where the node will listen, before it does: what reconnects by itself may start meanwhile. */
  readonly onAddress?: (amqpUrl: string) => void;
  /** Gives the start up: what was started is stopped, and the start rejects with the signal's reason. */
  readonly signal?: AbortSignal;
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
  const secure = options.tls !== undefined;
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
    options.onAddress?.(amqpUrlOf(settings, secure));
    progress('starting');
    const launch: LaunchContext = {
      installation,
      paths,
      claim,
      onStarted: (started) => processes.push(started),
    };
    await startEpmd(launch, settings.ports);
    const node = await startServer(launch, settings);
    progress('booting');
    const version = await untilReady(node, settings, paths, {
      timeoutMs: options.startTimeoutMs ?? 90_000,
      caPem: options.tls === undefined ? null : await readFile(options.tls.caFile, 'utf8'),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    progress('ready');
    const { amqp, management } = settings.ports;
    options.logger.info(
      { pid: node.pid, amqpPort: amqp, managementPort: management, version },
      'the private RabbitMQ node runs',
    );
    let stopping: Promise<void> | null = null;
    const stop = (): Promise<void> => (stopping ??= stopAll());
    return {
      amqpUrl: amqpUrlOf(settings, secure),
      managementUrl: managementUrlOf(settings.ports, secure),
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

async function writeFiles(
  paths: NodePaths,
  settings: RunningSettings,
  options: PrivateNodeOptions,
): Promise<void> {
  const { amqp, management } = settings.ports;
  const config = nodeConfig({
    listenAddress: LOOPBACK,
    amqpPort: amqp,
    managementPort: management,
    username: settings.username,
    password: settings.password,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
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
