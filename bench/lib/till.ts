import { join } from 'node:path';
import { BrokerConnection, createFetch, Subscriber, silentLogger } from '@tillcast/broker';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf } from '@tillcast/protocol/routing';
import { askMessageKeys } from '../../packages/terminal/src/identity/ask-message-keys.ts';
import { licenseKeyCredentials } from '../../packages/terminal/src/identity/license-key-credentials.ts';
import { KeptMessageKeys } from '../../packages/terminal/src/identity/message-keys.ts';
import { Counters } from '../../packages/terminal/src/replica/counters.ts';
import { ReplicaDriver } from '../../packages/terminal/src/replica/driver.ts';
import { systemTillClock } from '../../packages/terminal/src/replica/till-clock.ts';
import { TillStore } from '../../packages/terminal/src/store/till-store.ts';
import { SyncClient } from '../../packages/terminal/src/sync-client/sync-client.ts';

/** A till without its page: the real store, client, driver and subscriber. */
export interface BenchTill extends AsyncDisposable {
  readonly store: TillStore;
  /** Resolves in the moment in which the store has committed a version or a later one. */
  readonly committed: (version: number) => Promise<void>;
}

export async function startBenchTill(options: {
  readonly folder: string;
  readonly licenseKey: LicenseKey;
  readonly backendUrl: string;
  readonly amqpUrl: string;
}): Promise<BenchTill> {
  const { folder, licenseKey, backendUrl, amqpUrl } = options;
  const terminalId = crypto.randomUUID();
  const store = openTillStore(join(folder, `${terminalId}.sqlite`), licenseKey);
  const backend = { baseUrl: backendUrl, fetch: createFetch(null) };
  const keys = new KeptMessageKeys({
    dataDir: folder,
    ask: (signal) => askMessageKeys(backend, signal),
    logger: silentLogger,
  });
  await keys.refresh();
  let waiting: { readonly version: number; readonly resolve: () => void } | null = null;
  const driver = new ReplicaDriver({
    licenseKey,
    store,
    client: tillClient(backendUrl, licenseKey, terminalId),
    keys,
    clock: systemTillClock,
    random: Math.random,
    unsentSales: () => 0,
    counters: new Counters(),
    logger: silentLogger,
    onDeafLine: () => {
      throw new Error('the line went deaf');
    },
    onNews: () => {
      if (waiting === null || (store.cursor?.version ?? 0) < waiting.version) return;
      waiting.resolve();
      waiting = null;
    },
  });
  const connection = new BrokerConnection({
    urls: [amqpUrl],
    connectionName: 'bench till',
    logger: silentLogger,
  });
  const subscriber = new Subscriber({
    connection,
    terminalId,
    bindings: bindingsOf(licenseKey),
    handler: (delivery) => driver.deliver(delivery),
    onError: (error) => {
      throw error;
    },
    onAttached: () => driver.attached(),
    onDetached: () => driver.detached(),
  });
  driver.start();
  connection.start();
  subscriber.start();
  await connection.whenUp(10_000);
  return {
    store,
    committed: (version) => {
      if ((store.cursor?.version ?? 0) >= version) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = { version, resolve };
      return promise;
    },
    [Symbol.asyncDispose]: async () => {
      await subscriber.stop();
      await connection.stop();
      await driver.stop();
      store.close();
    },
  };
}

export function openTillStore(path: string, licenseKey: LicenseKey): TillStore {
  const onSetAside = ({ reason }: { readonly reason: string }): void => {
    throw new Error(`the till's file was set aside: ${reason}`);
  };
  return new TillStore({ path, licenseKey, onSetAside });
}

export function tillClient(
  baseUrl: string,
  licenseKey: LicenseKey,
  terminalId: string = crypto.randomUUID(),
): SyncClient {
  const till = { terminalId, licenseKey, terminalName: 'Till', brokerUrls: [] };
  const peer = { baseUrl, licenseKey, credentials: licenseKeyCredentials(till), fetch: createFetch(null) };
  return new SyncClient(peer, () => performance.now());
}
