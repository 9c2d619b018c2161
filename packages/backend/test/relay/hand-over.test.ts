import { freshDatabase, freshVirtualHost } from '@tillcast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import type { Database } from '../../src/database/database.ts';
import { setLicenseStatus } from '../../src/licenses/set-license-status.ts';
import type { ChangeLog } from '../../src/relay/change-log.ts';
import { context, newLicense, open, product, setPrice } from '../contract/fixture.ts';
import { firstArrivals, Listener, startRelay, upTo } from './harness.ts';
import { publishedUpTo } from './published.ts';

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let database: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = await open({ url: fresh.url });
});
afterAll(async () => {
  await database.close();
  await fresh.drop();
});

test('[Y5] what is committed in the relay’s own process goes out without being read again', async () => {
  await using vhost = await freshVirtualHost();
  let read = 0;
  const seenBy = (log: ChangeLog): ChangeLog => ({
    ...log,
    readWaiting: async (...question) => {
      const changes = await log.readWaiting(...question);
      read += changes.length;
      return changes;
    },
  });
  await using started = await startRelay({ database, amqpUrl: vhost.amqpUrl, seenBy });
  const key = await newLicense(database);
  await using listener = await Listener.attach(vhost.amqpUrl, key);
  const handingOver = { ...context, onCommitted: started.relay.handOver.bind(started.relay) };
  for (let version = 1; version <= 40; version += 1) {
    await commit(database, key, [product('P1', version)], handingOver);
    await publishedUpTo(database, key, version);
  }
  await listener.until(({ changes }) => firstArrivals(changes).get(key)?.length === 40);
  expect(firstArrivals(listener.changes).get(key)).toEqual(upTo(40));
  // The first is read, and what a look through the backlog came upon; the second look is seconds away.
  expect(read).toBeLessThan(40);
});

test('[Y1] [Y5] what is handed over keeps its turn among what other processes commit', async () => {
  await using vhost = await freshVirtualHost();
  await using started = await startRelay({ database, amqpUrl: vhost.amqpUrl });
  const key = await newLicense(database);
  await using listener = await Listener.attach(vhost.amqpUrl, key);
  await commit(database, key, [product('P1', 1)], context);
  const handingOver = { ...context, onCommitted: started.relay.handOver.bind(started.relay) };
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(
      upTo(6).map((each) =>
        commit(
          database,
          key,
          [setPrice('P1', 10 * round + each + 1)],
          each % 3 === 0 ? context : handingOver,
        ),
      ),
    );
  }
  await publishedUpTo(database, key, 121);
  await listener.until(({ changes }) => firstArrivals(changes).get(key)?.length === 121);
  expect(firstArrivals(listener.changes).get(key)).toEqual(upTo(121));
});

test('[B20] of a license that is suspended nothing is handed over', async () => {
  const key = await newLicense(database);
  const handedOver: number[] = [];
  const handingOver = {
    ...context,
    onCommitted: ({ version }: { readonly version: number }) => handedOver.push(version),
  };
  await commit(database, key, [product('P1', 1)], handingOver);
  await setLicenseStatus(database, key, 'suspended', context);
  await commit(database, key, [product('P1', 2)], handingOver);
  await setLicenseStatus(database, key, 'active', context);
  await commit(database, key, [product('P1', 3)], handingOver);
  expect(handedOver).toEqual([1, 5]);
});
