import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { type DockerNode, type Logger, startDockerNode, startPrivateNode } from '@tillcast/broker';
import { usageError } from '../input/parse.ts';
import { freePort } from './free-port.ts';

/** The broker of a demo on its way up: one that runs anyway, or one of our own. */
export interface DemoBroker {
  /** What the services' environment needs to reach it; known long before it is ready. */
  readonly environment: Promise<Readonly<Record<string, string>>>;
  readonly ready: Promise<ReadyBroker>;
  /** Resolves when it ended without having been asked to; never for one that is not ours. */
  readonly ended: Promise<string>;
  /** Stops it, or gives its start up. */
  stop(): Promise<void>;
}

export interface ReadyBroker {
  /** For people: `RabbitMQ 3.10.8, a private node`. */
  readonly name: string;
  /** Where its management page is; null where that is not ours to know. */
  readonly managementUrl: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Says how the services reach their broker; all of them are left out where we set AMQP_URL ourselves. */
export const BROKER_VARIABLES = [
  'AMQP_URL',
  'AMQP_URL_FILE',
  'RABBITMQ_HOST',
  'RABBITMQ_PORT',
  'RABBITMQ_USER',
  'RABBITMQ_PASS',
  'RABBITMQ_PASS_FILE',
  'RABBITMQ_VHOST',
  'AMQP_CA_FILE',
] as const;

/** How long a private node may take to stop: its management plugin alone takes 5 s, and a person waits 10 s for the whole. */
const STOP_TIMEOUT_MS = 7_000;

/**
 * Starts or finds the broker: the one of `AMQP_URL` or `RABBITMQ_HOST`, else one in Docker where
 * `TILLCAST_RABBITMQ` is `docker`, else a private node. `ready` and `environment` reject with
 * `broker_missing`, `broker_start_failed` or `data_in_use`.
 * @throws TillcastError `usage` for another value of TILLCAST_RABBITMQ
 */
export function startBroker(env: Environment, dataDir: string): DemoBroker {
  if (namesBroker(env)) return existing(env);
  const nodeDir = join(dataDir, 'rabbitmq');
  const choice = env['TILLCAST_RABBITMQ'] ?? '';
  if (choice === 'docker') return inDocker(`${nodeDir}-docker`);
  if (choice !== '' && choice !== 'private') {
    throw usageError(`TILLCAST_RABBITMQ must be private or docker, and is ${JSON.stringify(choice)}.`);
  }
  return privateNode(nodeDir, join(dataDir, 'logs', 'rabbitmq.log'));
}

function namesBroker(env: Environment): boolean {
  return ['AMQP_URL', 'AMQP_URL_FILE', 'RABBITMQ_HOST'].some((name) => (env[name] ?? '').trim() !== '');
}

function existing(env: Environment): DemoBroker {
  const named = BROKER_VARIABLES.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    environment: Promise.resolve(Object.fromEntries(named)),
    ready: Promise.resolve({ name: 'RabbitMQ, as the environment names it', managementUrl: null }),
    ended: new Promise(() => undefined),
    stop: async () => undefined,
  };
}

function inDocker(nodeDir: string): DemoBroker {
  const starting = (async (): Promise<DockerNode> =>
    startDockerNode({ dataDir: nodeDir, amqpPort: await freePort(), managementPort: await freePort() }))();
  return {
    environment: starting.then(({ amqpUrl }) => ({ AMQP_URL: amqpUrl })),
    ready: starting.then(({ containerName, managementUrl }) => ({
      name: `RabbitMQ in Docker, container ${containerName}`,
      managementUrl,
    })),
    ended: new Promise(() => undefined),
    stop: async () => (await startedOrNull(starting))?.stop(),
  };
}

function privateNode(nodeDir: string, logPath: string): DemoBroker {
  const log = createWriteStream(logPath, { flags: 'a', mode: 0o600 });
  const address = Promise.withResolvers<string>();
  const givenUp = new AbortController();
  const starting = startPrivateNode({
    dataDir: nodeDir,
    logger: lineLogger((line) => log.write(line)),
    onAddress: address.resolve,
    signal: givenUp.signal,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  });
  starting.catch(address.reject);
  return {
    environment: address.promise.then((url) => ({ AMQP_URL: url })),
    ready: starting.then(({ version, managementUrl }) => ({
      name: `RabbitMQ ${version}, a private node`,
      managementUrl,
    })),
    ended: starting.then(
      async (node) => {
        const { code, signal } = await node.exited;
        return signal ?? `exit code ${code}`;
      },
      // Told by whoever waits for it to be ready.
      () => new Promise(() => undefined),
    ),
    stop: async () => {
      givenUp.abort();
      await (await startedOrNull(starting))?.stop();
      await new Promise<void>((resolve) => log.end(resolve));
    },
  };
}

/** A start's result; null when it failed: it has then stopped what it had started, and told so. */
async function startedOrNull<T>(starting: Promise<T>): Promise<T | null> {
  const [ended] = await Promise.allSettled([starting]);
  return ended.status === 'fulfilled' ? ended.value : null;
}

/** A logger of JSON lines, as the services write them. */
function lineLogger(write: (line: string) => void): Logger {
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      write(`${JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg: message })}\n`);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
