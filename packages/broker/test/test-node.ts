import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import {
  BrokerConnection,
  type BrokerConnectionOptions,
  ManagementClient,
  type OutgoingMessage,
  type PrivateNode,
  silentLogger,
  startPrivateNode,
} from '../src/index.ts';

/** A virtual host of its own for one test, on a node that the whole file shares. */
export interface TestBroker {
  readonly node: PrivateNode;
  readonly management: ManagementClient;
  readonly vhost: string;
  readonly url: string;
  /** A connection to it, stopped when the test ends. Not started yet. */
  readonly connection: (options?: Partial<BrokerConnectionOptions>) => BrokerConnection;
}

/** A folder that goes when the test ends. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-broker-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a node for the file; returns how to get a virtual host of it. */
export function useBroker(): () => Promise<TestBroker> {
  let folder: string;
  let node: PrivateNode;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tillcast-broker-'));
    // The management plugin takes 5 s to stop, which a node that is thrown away need not be given.
    node = await startPrivateNode({ dataDir: folder, logger: silentLogger, stopTimeoutMs: 1_000 });
  });
  afterAll(async () => {
    await node.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return async () => {
    const vhost = `test-${randomUUID()}`;
    const management = new ManagementClient({ url: node.managementUrl, ...node.credentials });
    await management.createVhost(vhost);
    await management.setPermissions({
      vhost,
      user: node.credentials.username,
      configure: '.*',
      write: '.*',
      read: '.*',
    });
    onTestFinished(() => management.deleteVhost(vhost));
    const url = new URL(vhost, node.amqpUrl).href;
    return {
      node,
      management,
      vhost,
      url,
      connection: (options = {}) => {
        const connection = new BrokerConnection({
          urls: [url],
          connectionName: `test of ${vhost}`,
          logger: silentLogger,
          backoff: { initialMs: 20, maxMs: 200 },
          ...options,
        });
        onTestFinished(() => connection.stop());
        return connection;
      },
    };
  };
}

/** Waits until `look` returns something else than undefined or false; the test's own time limit bounds it. */
export async function eventually<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A message that says who it is. */
export function message(routingKey: string, id: string, text = '{}'): OutgoingMessage {
  return {
    routingKey,
    body: Buffer.from(text),
    messageId: id,
    type: routingKey.split('.').at(-1) ?? '',
    timestampMs: 1_700_000_000_000,
  };
}
