import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RabbitmqInstallation } from '@tillcast/broker';
import { type NodeProcess, startProcess } from '../../../packages/broker/src/private-node/node-process.ts';
import { type LoopbackNet, RABBITMQ_HOSTS, type RabbitmqHost } from './loopback-net.ts';
import type { NodePorts } from './node-links.ts';
import { configOf, MOUNTED_TLS, shipped } from './shipped-files.ts';

export interface RabbitmqNodeOptions {
  readonly host: RabbitmqHost;
  readonly net: LoopbackNet;
  readonly ports: NodePorts;
  readonly installation: RabbitmqInstallation;
  /** For all that is its own; it is kept from one start to the next. */
  readonly folder: string;
  /** With ca.pem, rabbitmq.pem and rabbitmq.key.pem. */
  readonly tls: string;
  readonly variables: Readonly<Record<string, string>>;
}

const STOP_MS = 40_000;

/**
 * One node of the cluster, on the files of deploy/rabbitmq. Only this differs from a container's: the address on which
 * it listens, where its files lie, and that Erlang uses one scheduler (three nodes share the cores of this machine).
 */
export class RabbitmqNode implements AsyncDisposable {
  readonly host: RabbitmqHost;
  readonly #options: RabbitmqNodeOptions;
  #epmd: NodeProcess | null = null;
  #node: NodeProcess | null = null;

  constructor(options: RabbitmqNodeOptions) {
    this.host = options.host;
    this.#options = options;
  }

  get address(): string {
    return this.#options.net.addressOf(this.host);
  }

  get pid(): number {
    if (this.#node === null) throw new Error(`${this.host} was never started.`);
    return this.#node.pid;
  }

  /** Whether it lets tills in: the last thing that a node does when it starts, and the first that it leaves off. */
  isOpen(): Promise<boolean> {
    return accepts(this.address, 5671);
  }

  /** Starts its process; it is not ready then. */
  async start(): Promise<void> {
    const { installation, folder, ports } = this.#options;
    if (this.#epmd === null) {
      await this.#writeFiles();
      this.#epmd = await startProcess({
        command: installation.epmd,
        // It listens at 127.0.0.1 too, where its own node registers.
        args: ['-port', String(ports.epmd), '-address', this.address],
        env: { TILLCAST_TEST_RUN: process.env['TILLCAST_TEST_RUN'] ?? '' },
        cwd: folder,
        output: this.#file('output.log'),
      });
      await untilAccepting('127.0.0.1', ports.epmd);
    }
    this.#node = await startProcess({
      command: installation.serverScript,
      args: [],
      env: this.#environment(),
      cwd: folder,
      output: this.#file('output.log'),
    });
  }

  /** Kills it (-9); resolves when it is gone. */
  async kill(): Promise<void> {
    process.kill(this.pid, 'SIGKILL');
    await this.#node?.exited;
  }

  /** Stops it in its tracks until it is thawed. */
  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    await this.#node?.end(STOP_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#node?.hasExited() === false) await this.kill();
    await this.#epmd?.end(5_000);
  }

  #file(name: string): string {
    return join(this.#options.folder, name);
  }

  /** The files as they ship, with the places of this machine in them, and the node's own lines apart. */
  async #writeFiles(): Promise<void> {
    const { tls, net, variables } = this.#options;
    const placed = (text: string): string =>
      text.replaceAll(MOUNTED_TLS, tls).replaceAll('/etc/rabbitmq/definitions', this.#file('definitions'));
    await rm(this.#file('definitions'), { recursive: true, force: true });
    for (const name of ['home', 'mnesia', 'log', 'conf.d', 'definitions'])
      await mkdir(this.#file(name), { recursive: true, mode: 0o700 });
    const own = [
      `listeners.ssl.default = ${this.address}:5671`,
      `management.ssl.ip = ${this.address}`,
      `prometheus.ssl.ip = ${this.address}`,
      // The test's own disk may be small.
      'disk_free_limit.absolute = 100MB',
    ];
    const hosts = RABBITMQ_HOSTS.map((host) => [
      host,
      host === this.host ? this.address : net.linkAddress(this.host, host),
    ]);
    const names = [...hosts, ['haproxy', net.addressOf('haproxy')]].map(
      ([name, address]) => `{host, {${address?.replaceAll('.', ',')}}, ["${name}"]}.`,
    );
    const files = [
      ['conf.d/20-tillcast.conf', placed(shipped('rabbitmq/rabbitmq.conf'))],
      ['conf.d/30-tillcast-node.conf', shipped(`rabbitmq/nodes/${this.host}.conf`)],
      ['conf.d/90-machine.conf', own.join('\n') + '\n'],
      ['advanced.config', placed(shipped('rabbitmq/advanced.config'))],
      ['enabled_plugins', shipped('rabbitmq/enabled_plugins')],
      ['definitions/tillcast.json', shipped('rabbitmq/definitions.json')],
      ['definitions/administrator.json', configOf('rabbitmq-administrator', variables)],
      ['inetrc', ['{lookup, [file, native]}.', ...names].join('\n') + '\n'],
      ['home/.erlang.cookie', variables['RABBITMQ_ERLANG_COOKIE'] ?? ''],
      ['rabbitmq-env.conf', ''],
    ] as const;
    for (const [name, text] of files) await writeFile(this.#file(name), text, { mode: 0o600 });
    await writeFile(this.#file('home/.erlang.cookie'), variables['RABBITMQ_ERLANG_COOKIE'] ?? '', {
      mode: 0o400,
    });
  }

  #environment(): Readonly<Record<string, string>> {
    const { installation, ports } = this.#options;
    const address = this.address.replaceAll('.', ',');
    return {
      PATH: [installation.erlangBin, process.env['PATH'] ?? '', '/usr/bin', '/bin'].join(delimiter),
      LANG: 'C.UTF-8',
      HOME: this.#file('home'),
      TILLCAST_TEST_RUN: process.env['TILLCAST_TEST_RUN'] ?? '',
      ERL_CRASH_DUMP_SECONDS: '0',
      ERL_EPMD_PORT: String(ports.epmd),
      ERL_INETRC: this.#file('inetrc'),
      RABBITMQ_NODENAME: `rabbit@${this.host}`,
      RABBITMQ_DIST_PORT: String(ports.distribution),
      RABBITMQ_MNESIA_BASE: this.#file('mnesia'),
      RABBITMQ_LOG_BASE: this.#file('log'),
      RABBITMQ_CONFIG_FILES: join(this.#file('conf.d'), '*.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: this.#file('advanced.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: this.#file('enabled_plugins'),
      RABBITMQ_CONF_ENV_FILE: this.#file('rabbitmq-env.conf'),
      // The script then becomes the Erlang machine, so that the pid we have is the node's own.
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {${address}}`,
    };
  }
}

async function untilAccepting(host: string, port: number): Promise<void> {
  while (!(await accepts(host, port))) await pause(20);
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
