import { tlsNodeConfig } from '../provisioning/tls-node-config.ts';
import { LOOPBACK, type NodePorts } from './ports.ts';

/** The PEM files of a node that speaks TLS alone. */
export interface NodeTls {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** What a node's `rabbitmq.conf` is made from. */
export interface NodeConfigOptions {
  /** The interface to listen on; a container listens on all of its own, and publishes on the loopback. */
  readonly listenAddress: string;
  readonly amqpPort: number;
  readonly managementPort: number;
  readonly username: string;
  readonly password: string;
  /** Left out: plain text. */
  readonly tls?: NodeTls;
  /** Further lines; a later line of the same name wins. */
  readonly extra: readonly string[];
}

/** The largest message that the node takes. RabbitMQ's own default is 100 MiB. */
export const MAX_MESSAGE_BYTES = 1_048_576;

/** The channels that one connection may open; RabbitMQ's own default is 2047. A till and a backend need two or three. */
export const MAX_CHANNELS = 16;

/**
 * Lines of `rabbitmq.conf` for any broker of ours. Socket buffers are bounded since the kernel's defaults cost up
 * to 3.9 MiB per connection on the loopback, against 0.2 MiB so. What is received may be more than the node's own
 * buffer, which is what a connection costs: the kernel counts a small message as a kilobyte, drops what does not fit, and
 * it is sent again after 0.2 s and more. With 32 KiB, 4,000 confirmed messages took 0.1 s at times and 18 s at others.
 */
export const BROKER_SETTINGS: readonly string[] = [
  'tcp_listen_options.nodelay = true',
  'tcp_listen_options.backlog = 1024',
  'tcp_listen_options.sndbuf = 32768',
  'tcp_listen_options.recbuf = 131072',
  'tcp_listen_options.buffer = 32768',
  'heartbeat = 10',
  `channel_max = ${MAX_CHANNELS}`,
  `max_message_size = ${MAX_MESSAGE_BYTES}`,
];

/**
 * The text of `rabbitmq.conf`.
 *
 * There is no `guest`: the one user is ours, created when the node first starts.
 */
export function nodeConfig(options: NodeConfigOptions): string {
  return distinctLines([
    ...listeners(options),
    `default_user = ${options.username}`,
    `default_pass = ${options.password}`,
    'default_user_tags.administrator = true',
    'default_permissions.configure = .*',
    'default_permissions.write = .*',
    'default_permissions.read = .*',
    ...BROKER_SETTINGS,
    'vm_memory_high_watermark.relative = 0.4',
    'disk_free_limit.absolute = 100MB',
    'log.file.level = info',
    ...options.extra,
  ]);
}

function listeners({ listenAddress, amqpPort, managementPort, tls }: NodeConfigOptions): readonly string[] {
  if (tls !== undefined) {
    return tlsNodeConfig({
      ...tls,
      amqpListener: `${listenAddress}:${amqpPort}`,
      managementAddress: listenAddress,
      managementPort,
    });
  }
  return [
    `listeners.tcp.private = ${listenAddress}:${amqpPort}`,
    `management.tcp.ip = ${listenAddress}`,
    `management.tcp.port = ${managementPort}`,
  ];
}

/** One line for each name, the last given. */
function distinctLines(lines: readonly string[]): string {
  const byName = new Map(lines.map((line) => [line.split('=')[0]?.trim() ?? line, line]));
  return `${[...byName.values()].join('\n')}\n`;
}

/** The text of `enabled_plugins`: an Erlang term. */
export function enabledPlugins(plugins: readonly string[]): string {
  const names = [...new Set(['rabbitmq_management', ...plugins])];
  return `[${names.join(',')}].\n`;
}

/** Where a private node keeps what is its own. */
export interface NodePaths {
  readonly dataDir: string;
  readonly home: string;
  readonly mnesia: string;
  readonly log: string;
  readonly output: string;
  readonly config: string;
  readonly advancedConfig: string;
  readonly enabledPlugins: string;
  readonly confEnv: string;
}

/** The paths in a data directory. */
export function nodePaths(dataDir: string): NodePaths {
  return {
    dataDir,
    home: `${dataDir}/home`,
    mnesia: `${dataDir}/mnesia`,
    log: `${dataDir}/log`,
    output: `${dataDir}/log/output.log`,
    config: `${dataDir}/rabbitmq.conf`,
    advancedConfig: `${dataDir}/advanced.config`,
    enabledPlugins: `${dataDir}/enabled_plugins`,
    confEnv: `${dataDir}/rabbitmq-env.conf`,
  };
}

/** An argument that stands in the node's command line and nowhere else: how a process is known to be this node. */
export function nodeMarker(nodename: string): string {
  return `-tillcast_node ${nodename}`;
}

/**
 * The whole environment of the node's process. Nothing is inherited but PATH and the locale: a variable
 * meant for the system's own node (`RABBITMQ_…`, `ERL_…`) must not reach this one.
 */
export function nodeEnvironment(
  paths: NodePaths,
  ports: NodePorts,
  nodename: string,
  inherited: { readonly path: string; readonly lang: string },
): Record<string, string> {
  return {
    PATH: inherited.path,
    LANG: inherited.lang,
    HOME: paths.home,
    // A node that fails to start would leave a dump of some megabytes each time.
    ERL_CRASH_DUMP_SECONDS: '0',
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: LOOPBACK,
    RABBITMQ_NODENAME: nodename,
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_MNESIA_BASE: paths.mnesia,
    RABBITMQ_LOG_BASE: paths.log,
    RABBITMQ_CONFIG_FILE: paths.config,
    RABBITMQ_ADVANCED_CONFIG_FILE: paths.advancedConfig,
    RABBITMQ_ENABLED_PLUGINS_FILE: paths.enabledPlugins,
    RABBITMQ_CONF_ENV_FILE: paths.confEnv,
    // The script then replaces itself by the Erlang machine instead of waiting for it, so that the pid we
    // are given is the node's own.
    RUNNING_UNDER_SYSTEMD: 'true',
    // No busy waiting: on a machine with two cores the schedulers' spinning takes one of them.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `+B i +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1} ${nodeMarker(nodename)}`,
  };
}
