import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  desiredBroker,
  GUARDIAN_USER,
  ManagementClient,
  oauthNodeConfig,
  type PrivateNode,
  PUBLISHER_USER,
  provisionBroker,
  silentLogger,
  startPrivateNode,
} from '@tillcast/broker';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { freePort } from '../ports.ts';
import { countsSchema } from './fleet-messages.ts';

/** A backend and a broker as in production, each a process of its own, and the broker can be killed. */
export interface StormSystem extends AsyncDisposable {
  readonly backendUrl: string;
  /** Without user and password. */
  readonly amqpUrl: string;
  /** With all rights. */
  readonly rawAmqpUrl: string;
  readonly issuer: string;
  readonly licenseKeys: readonly string[];
  /** Sets one product's price, product by product, as often in each license, by changes of their own. */
  readonly commitEach: (changes: number) => Promise<void>;
  /** Kills the broker (-9); resolves when it is gone. */
  readonly killBroker: () => Promise<void>;
  /** Starts it anew with what it has on disk; resolves to when its port opened, by `performance.now()`. */
  readonly startBroker: () => Promise<number>;
  /** What the backend asked of the database since the last call, by the statement's name. */
  readonly statements: () => Promise<Readonly<Record<string, number>>>;
  /** The backend's metrics, as it tells them. */
  readonly metrics: () => Promise<string>;
  readonly pids: () => { readonly broker: number; readonly backend: number };
}

export interface StormSystemOptions {
  /** With all rights; empty. */
  readonly databaseUrl: string;
  /** For its files; removed by whoever made it. */
  readonly folder: string;
  readonly licenseKeys: readonly string[];
  /** How many products each has to begin with. */
  readonly products: number;
  /** The backend's variables, besides the usual ones. */
  readonly environment?: Readonly<Record<string, string>>;
}

const API_KEY = 'a-key-for-storms-on-loopback-only';
const PASSWORD = 'for-storms-on-loopback-only';

export async function startStormSystem(options: StormSystemOptions): Promise<StormSystem> {
  const { databaseUrl, folder, licenseKeys, products } = options;
  await using stack = new AsyncDisposableStack();
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const nodeOptions = {
    dataDir: join(folder, 'rabbitmq'),
    ...oauthNodeConfig({ jwksUrl: `${issuer}${IDENTITY_PATHS.jwks}` }),
    logger: silentLogger,
  };
  let node: PrivateNode = await startPrivateNode(nodeOptions);
  stack.defer(() => node.stop());
  const { ports } = node;
  await provisionBroker(
    new ManagementClient({ url: node.managementUrl, ...node.credentials }),
    desiredBroker(),
    { [PUBLISHER_USER]: PASSWORD, [GUARDIAN_USER]: PASSWORD },
  );
  const backend = stack.adopt(
    await startBackendProcess({
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      AMQP_URL: `amqp://${PUBLISHER_USER}:${PASSWORD}@127.0.0.1:${ports.amqp}`,
      RABBITMQ_MANAGEMENT_URL: `http://${GUARDIAN_USER}:${PASSWORD}@127.0.0.1:${ports.management}`,
      TILLCAST_DATA_DIR: join(folder, 'backend'),
      TILLCAST_PUBLIC_URL: issuer,
      TILLCAST_API_KEY: API_KEY,
      // All tills at one address, on purpose.
      TILLCAST_RATE_LIMITS: 'off',
      LOG_LEVEL: 'silent',
      ...options.environment,
    }),
    endProcess,
  );
  const post = async (path: string, body: unknown): Promise<void> => {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
    const answer = await fetch(issuer + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} was refused: ${answer.status} ${text}`);
  };
  for (const key of licenseKeys) {
    await post(ADMIN_PATHS.licenses, { key, terminals_max: 10_000 });
    const operations = Array.from({ length: products }, (_, index) => ({
      op: 'put',
      kind: 'product',
      item: { id: `P${index}`, name: `Product ${index}`, price: 1, currency: 'GBP' },
    }));
    await post(ADMIN_PATHS.changes(key), { operations });
  }
  let cents = 100;
  const commitEach = async (changes: number): Promise<void> => {
    for (let change = 0; change < changes; change += 1) {
      cents += 1;
      const operations = [{ op: 'set_price', product_id: `P${change % products}`, price: cents / 100 }];
      await Promise.all(licenseKeys.map((key) => post(ADMIN_PATHS.changes(key), { operations })));
    }
  };
  const kept = stack.move();
  return {
    backendUrl: issuer,
    amqpUrl: `amqp://127.0.0.1:${ports.amqp}`,
    rawAmqpUrl: node.amqpUrl,
    issuer,
    licenseKeys,
    commitEach,
    killBroker: async () => {
      process.kill(node.pid, 'SIGKILL');
      await node.exited;
      // Its port mapper, and its claim on the folder.
      await node.stop();
    },
    startBroker: async () => {
      const opening = portOpens(ports.amqp);
      node = await startPrivateNode({ ...nodeOptions, ports });
      return await opening;
    },
    statements: async () => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      backend.once('message', resolve);
      backend.send('statements');
      return countsSchema.parse(await promise);
    },
    metrics: async () => (await fetch(`${issuer}/metrics`)).text(),
    pids: () => ({ broker: node.pid, backend: backend.pid ?? 0 }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Resolves when it listens. */
async function startBackendProcess(env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const backend = fork(new URL('./storm-backend.ts', import.meta.url), {
    execArgv: [],
    env: { PATH: process.env['PATH'], TILLCAST_TEST_RUN: process.env['TILLCAST_TEST_RUN'], ...env },
  });
  const ended = once(backend, 'exit').then(() => {
    throw new Error('The backend ended before it listened.');
  });
  await Promise.race([once(backend, 'message'), ended]);
  return backend;
}

async function endProcess(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  if (!child.connected) return;
  child.disconnect();
  await ended;
}

async function portOpens(port: number): Promise<number> {
  while (!(await accepts(port))) await pause(10);
  return performance.now();
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}
