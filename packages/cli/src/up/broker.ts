import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import {
  type DockerNode,
  desiredBroker,
  GUARDIAN_USER,
  type Logger,
  ManagementClient,
  oauthNodeConfig,
  type PrivateNode,
  PUBLISHER_USER,
  provisionBroker,
  startDockerNode,
  startPrivateNode,
} from '@tillcast/broker';
import { usageError } from '../input/parse.ts';
import { type BrokerPasswords, keptBrokerPasswords } from './broker-passwords.ts';
import { freePort } from './free-port.ts';

/** The broker of a demo on its way up: one that runs anyway, or one of our own. */
export interface DemoBroker {
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
  /** What the backend's environment needs to reach it. */
  readonly backend: Readonly<Record<string, string>>;
  /**
   * What a till's environment needs to reach it, login included; null where tills sign in with access tokens,
   * and hear from the backend where it is.
   */
  readonly terminal: Readonly<Record<string, string>> | null;
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
  'RABBITMQ_MANAGEMENT_URL',
  'RABBITMQ_MANAGEMENT_URL_FILE',
] as const;

/** How long a private node may take to stop: its management plugin alone takes 5 s, and a person waits 10 s for the whole. */
const STOP_TIMEOUT_MS = 7_000;

/**
 * Starts or finds the broker: the one of `AMQP_URL` or `RABBITMQ_HOST`, else one in Docker where
 * `TILLCAST_RABBITMQ` is `docker`, else a private node, which is then provisioned as one in production: tills
 * sign in with access tokens, and whoever has one reaches its own license's messages alone. `ready` rejects
 * with `broker_missing`, `broker_start_failed` or `data_in_use`.
 * @param jwksUrl where the backend will publish the keys of access tokens
 * @throws TillcastError `usage` for another value of TILLCAST_RABBITMQ
 */
export function startBroker(env: Environment, dataDir: string, jwksUrl: string): DemoBroker {
  if (namesBroker(env)) return existing(env);
  const nodeDir = join(dataDir, 'rabbitmq');
  const choice = env['TILLCAST_RABBITMQ'] ?? '';
  if (choice === 'docker') return inDocker(`${nodeDir}-docker`);
  if (choice !== '' && choice !== 'private') {
    throw usageError(`TILLCAST_RABBITMQ must be private or docker, and is ${JSON.stringify(choice)}.`);
  }
  return privateNode({
    nodeDir,
    logPath: join(dataDir, 'logs', 'rabbitmq.log'),
    jwksUrl,
    passwords: keptBrokerPasswords(dataDir),
  });
}

function namesBroker(env: Environment): boolean {
  return ['AMQP_URL', 'AMQP_URL_FILE', 'RABBITMQ_HOST'].some((name) => (env[name] ?? '').trim() !== '');
}

function existing(env: Environment): DemoBroker {
  const named = Object.fromEntries(
    BROKER_VARIABLES.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const { RABBITMQ_MANAGEMENT_URL: _management, ...login } = named;
  return {
    ready: Promise.resolve({
      name: 'RabbitMQ, as the environment names it',
      managementUrl: null,
      backend: named,
      terminal: login,
    }),
    ended: new Promise(() => undefined),
    stop: async () => undefined,
  };
}

function inDocker(nodeDir: string): DemoBroker {
  const starting = (async (): Promise<DockerNode> =>
    startDockerNode({ dataDir: nodeDir, amqpPort: await freePort(), managementPort: await freePort() }))();
  return {
    ready: starting.then(({ containerName, managementUrl, amqpUrl }) => ({
      name: `RabbitMQ in Docker, container ${containerName}`,
      managementUrl,
      backend: { AMQP_URL: amqpUrl },
      terminal: { AMQP_URL: amqpUrl },
    })),
    ended: new Promise(() => undefined),
    stop: async () => (await startedOrNull(starting))?.stop(),
  };
}

interface PrivateBrokerOptions {
  readonly nodeDir: string;
  readonly logPath: string;
  readonly jwksUrl: string;
  readonly passwords: BrokerPasswords;
}

function privateNode({ nodeDir, logPath, jwksUrl, passwords }: PrivateBrokerOptions): DemoBroker {
  const log = createWriteStream(logPath, { flags: 'a', mode: 0o600 });
  const givenUp = new AbortController();
  const starting = startPrivateNode({
    dataDir: nodeDir,
    ...oauthNodeConfig({ jwksUrl }),
    logger: lineLogger((line) => log.write(line)),
    signal: givenUp.signal,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  });
  return {
    ready: starting.then((node) => provisioned(node, passwords)),
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

/** Provisions the node; backend and tills then have no more than they need. */
async function provisioned(node: PrivateNode, passwords: BrokerPasswords): Promise<ReadyBroker> {
  const { amqpUrl, managementUrl, credentials, version } = node;
  const vhost = decodeURIComponent(new URL(amqpUrl).pathname.slice(1)) || '/';
  await provisionBroker(
    new ManagementClient({ url: managementUrl, ...credentials }),
    desiredBroker({ vhost }),
    { [PUBLISHER_USER]: passwords.publisher, [GUARDIAN_USER]: passwords.guardian },
  );
  return {
    name: `RabbitMQ ${version}, a private node`,
    managementUrl,
    backend: {
      AMQP_URL: withLogin(amqpUrl, PUBLISHER_USER, passwords.publisher),
      RABBITMQ_MANAGEMENT_URL: withLogin(managementUrl, GUARDIAN_USER, passwords.guardian),
    },
    terminal: null,
  };
}

function withLogin(address: string, username: string, password: string): string {
  const url = new URL(address);
  url.username = username;
  url.password = password;
  return url.href;
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
