import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';
import { enabledPlugins, nodeConfig } from './node-config.ts';
import { LOOPBACK } from './ports.ts';

/** RabbitMQ's own image, with the management plugin. */
export const DOCKER_IMAGE = 'rabbitmq:4-management';

/** Where in the container the two protocols listen. */
const AMQP_PORT = 5672;
const MANAGEMENT_PORT = 15672;

/** How a node is run in a container. */
export interface DockerNodeOptions {
  /** Holds the generated configuration; the container's data goes with the container. */
  readonly dataDir: string;
  readonly amqpPort: number;
  readonly managementPort: number;
  readonly plugins?: readonly string[];
  readonly configExtra?: readonly string[];
  readonly image?: string;
}

/** A container that was asked for; whether RabbitMQ in it answers yet is for its connection to find out. */
export interface DockerNode extends AsyncDisposable {
  readonly amqpUrl: string;
  readonly managementUrl: string;
  readonly credentials: { readonly username: string; readonly password: string };
  readonly containerName: string;
  stop(): Promise<void>;
}

/** The arguments of `docker`: published on the loopback only, removed when it stops, the configuration read-only. */
export function dockerRunArguments(
  options: Required<Pick<DockerNodeOptions, 'amqpPort' | 'managementPort' | 'image'>> & {
    readonly dataDir: string;
    readonly containerName: string;
  },
): string[] {
  const folder = resolvePath(options.dataDir);
  return [
    'run',
    '--rm',
    '--detach',
    '--name',
    options.containerName,
    // RabbitMQ keeps its data under the host's name.
    '--hostname',
    options.containerName,
    '--publish',
    `${LOOPBACK}:${options.amqpPort}:${AMQP_PORT}`,
    '--publish',
    `${LOOPBACK}:${options.managementPort}:${MANAGEMENT_PORT}`,
    '--volume',
    `${folder}/rabbitmq.conf:/etc/rabbitmq/rabbitmq.conf:ro`,
    '--volume',
    `${folder}/enabled_plugins:/etc/rabbitmq/enabled_plugins:ro`,
    options.image,
  ];
}

/**
 * Runs RabbitMQ in a container, with the same settings as a private node: for a machine without an
 * installed RabbitMQ but with Docker.
 *
 * @throws `broker_missing` when there is no `docker` command, `broker_start_failed` with what it said
 */
export async function startDockerNode(options: DockerNodeOptions): Promise<DockerNode> {
  const credentials = { username: 'tillcast', password: randomBytes(24).toString('base64url') };
  const containerName = `tillcast-rabbitmq-${randomBytes(6).toString('hex')}`;
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const config = nodeConfig({
    listenAddress: '0.0.0.0',
    amqpPort: AMQP_PORT,
    managementPort: MANAGEMENT_PORT,
    ...credentials,
    extra: options.configExtra ?? [],
  });
  // Readable to all, in a folder that is not: the container's RabbitMQ is another user.
  await writeFile(`${options.dataDir}/rabbitmq.conf`, config, { mode: 0o644 });
  await writeFile(`${options.dataDir}/enabled_plugins`, enabledPlugins(options.plugins ?? []), {
    mode: 0o644,
  });
  const { amqpPort, managementPort, dataDir, image = DOCKER_IMAGE } = options;
  await docker(dockerRunArguments({ dataDir, amqpPort, managementPort, image, containerName }));
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= docker(['stop', containerName]));
  return {
    amqpUrl: `amqp://${credentials.username}:${credentials.password}@${LOOPBACK}:${amqpPort}/`,
    managementUrl: `http://${LOOPBACK}:${managementPort}`,
    credentials,
    containerName,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function docker(args: readonly string[]): Promise<void> {
  const child = spawn('docker', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const { promise: exited, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  child.once('error', (cause) => {
    reject(
      new TillcastError(
        'broker_missing',
        `The docker command could not be run (${cause.message}). Install RabbitMQ or Docker, or give the URL of a broker that runs.`,
        { cause },
      ),
    );
  });
  const code = await exited;
  if (code !== 0) throw new TillcastError('broker_start_failed', `docker ${args[0]} failed: ${said.trim()}`);
}
