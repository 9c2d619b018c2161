import {
  BrokerConnection,
  type ChannelSource,
  createFetch,
  Publisher,
  Subscriber,
  silentLogger,
} from '@tillcast/broker';
import { bindingsOf } from '@tillcast/protocol/routing';
import { freePort, freshVirtualHost } from '@tillcast/testkit';
import { expect, test, vi } from 'vitest';
import { licenseKeyCredentials } from '../src/identity/license-key-credentials.ts';
import { KeptMessageKeys } from '../src/identity/message-keys.ts';
import { Counters } from '../src/replica/counters.ts';
import { ReplicaDriver } from '../src/replica/driver.ts';
import { systemTillClock } from '../src/replica/till-clock.ts';
import { TillStore } from '../src/store/till-store.ts';
import { SyncClient } from '../src/sync-client/sync-client.ts';
import { ModelCatalog, product } from './model-catalog.ts';
import { LICENSE, Stage } from './running-till.ts';
import { ScriptedBackend } from './scripted-backend.ts';
import { tempFolder } from './temp-folder.ts';

const TERMINAL_ID = '5b0e6a52-7d0c-4f5e-9d0e-3d8a4c1b2a01';

test('[P3] [Q4] the queue is deleted under the live consumer: the till attaches to a new one and misses nothing', async () => {
  await using things = new AsyncDisposableStack();
  const vhost = things.use(await freshVirtualHost());
  const catalog = new ModelCatalog(LICENSE);
  catalog.commit([product('A', 1)]);
  const backend = things.use(await ScriptedBackend.start(catalog, await freePort()));
  const folder = things.use(tempFolder());
  const store = things.use(
    new TillStore({
      path: folder.file('catalog.sqlite'),
      licenseKey: LICENSE,
      onSetAside: ({ reason }) => expect.unreachable(reason),
    }),
  );
  const till = { terminalId: TERMINAL_ID, licenseKey: LICENSE, terminalName: 'Till', brokerUrls: [] };
  const peer = {
    baseUrl: backend.url,
    licenseKey: LICENSE,
    credentials: licenseKeyCredentials(till),
    fetch: createFetch(null),
  };
  const driver = new ReplicaDriver({
    licenseKey: LICENSE,
    store,
    client: new SyncClient(peer, Date.now),
    keys: new KeptMessageKeys({
      dataDir: folder.path,
      ask: async () => [catalog.signer.key],
      logger: silentLogger,
    }),
    clock: systemTillClock,
    random: Math.random,
    unsentSales: () => 0,
    counters: new Counters(),
    logger: silentLogger,
    onNews: () => undefined,
    onDeafLine: () => expect.unreachable(),
  });
  things.defer(() => driver.stop());
  const connection = things.use(
    new BrokerConnection({ urls: [vhost.amqpUrl], connectionName: 'till', logger: silentLogger }),
  );
  const queues: string[] = [];
  const subscriber = things.use(
    new Subscriber({
      connection,
      terminalId: TERMINAL_ID,
      bindings: bindingsOf(LICENSE),
      handler: (delivery) => driver.deliver(delivery),
      onError: (error) => expect.unreachable(String(error)),
      onAttached: (queue) => {
        queues.push(queue);
        driver.attached();
      },
      onDetached: () => driver.detached(),
    }),
  );
  const publisher = things.use(new Publisher({ connection }));
  connection.start();
  publisher.start();
  await publisher.whenReady(30_000);
  subscriber.start();
  driver.start();
  const holds = (): Promise<void> =>
    vi.waitFor(() => expect([driver.state.name, store.cursor]).toEqual(['following', catalog.cursor]), {
      timeout: 30_000,
    });
  await vi.waitFor(() => expect(queues).toHaveLength(1), { timeout: 30_000 });
  await holds();

  // Only the connection that declared an exclusive queue may delete it.
  const deletion = connection.addSession({
    name: 'deletes the queue',
    open: async (channels: ChannelSource) => {
      const channel = await channels.createChannel();
      await channel.deleteQueue(queues[0] ?? '');
      return { lost: new Promise<Error>(() => undefined), close: () => channel.close() };
    },
  });
  await vi.waitFor(() => expect(driver.counters.of('detached')).toBe(1), { timeout: 30_000 });
  await publisher.publish(catalog.setPrice('A', 2));
  await vi.waitFor(() => expect(queues).toHaveLength(2), { timeout: 30_000 });
  await holds();
  await publisher.publish(catalog.setPrice('A', 3));
  await holds();
  await deletion.remove();
});

test('[P3] [T5] [R7] a change whose message never comes is learned from the report, and the line is renewed', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  stage.catalog.setPrice('A', 7);
  await till.holds(stage.catalog);
  await till.reaches({ status: 'live', version: 2 });
  expect(stage.backend.reports.at(-1)).toMatchObject({ unsent_sales: 0 });
  // The server told of it and its message did not come: the line is taken for deaf, and renewed.
  await till.counted('line_deaf', 1);
  await till.counted('attached', 2);
  await till.holds(stage.catalog);
  await stage.publish(stage.catalog.setPrice('A', 8));
  await till.holds(stage.catalog);
  await till.reaches({ status: 'live', version: 3 });
});
