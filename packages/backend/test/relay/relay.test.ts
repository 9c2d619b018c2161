import type { OutgoingMessage } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { freshDatabase, freshVirtualHost } from '@tillcast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBroadcast } from '../../src/broadcasts/create-broadcast.ts';
import { commit } from '../../src/catalog/commit.ts';
import type { Database } from '../../src/database/database.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { setLicenseStatus } from '../../src/licenses/set-license-status.ts';
import type { RelayPublisher } from '../../src/relay/relay-options.ts';
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

test('[W2] a committed change arrives as it was logged, with its type and routing key', async () => {
  await using vhost = await freshVirtualHost();
  await using _relay = await startRelay({ database, amqpUrl: vhost.amqpUrl });
  const key = await newLicense(database);
  await using listener = await Listener.attach(vhost.amqpUrl, key);
  const { digest } = await commit(database, key, [product('P1', 3.6)], context);
  await listener.until(({ messages }) => messages.length === 1);
  expect(listener.changes[0]).toMatchObject({ type: 'product_update', version: 1, digest, license_key: key });
  expect(listener.deliveries[0]).toMatchObject({
    routingKey: `license.${key}.product_update`,
    type: 'product_update',
    messageId: listener.changes[0]?.id,
  });
  await publishedUpTo(database, key, 1);
});

test('[W7] a body over 1 KiB goes out compressed', async () => {
  await using vhost = await freshVirtualHost();
  await using _relay = await startRelay({ database, amqpUrl: vhost.amqpUrl });
  const key = await newLicense(database);
  await using listener = await Listener.attach(vhost.amqpUrl, key);
  await commit(database, key, [product('P1')], context);
  await commit(
    database,
    key,
    Array.from({ length: 20 }, (_, index) => product(`M${index}`)),
    context,
  );
  await listener.until(({ messages }) => messages.length === 2);
  expect(listener.deliveries.map(({ contentEncoding }) => contentEncoding)).toEqual([null, 'gzip']);
});

test('[Y2] what was committed before the relay began is published too', async () => {
  await using vhost = await freshVirtualHost();
  const key = await newLicense(database);
  for (let index = 0; index < 5; index += 1) await commit(database, key, [product('P1', index)], context);
  // The first relay declares the exchange and is gone before anything is committed.
  await using first = await startRelay({ database, amqpUrl: vhost.amqpUrl });
  await publishedUpTo(database, key, 5);
  await first.stop();
  await using listener = await Listener.attach(vhost.amqpUrl, key);
  for (let index = 0; index < 900; index += 1) {
    await commit(database, key, [setPrice('P1', 10 + index)], context);
  }
  await using _second = await startRelay({ database, amqpUrl: vhost.amqpUrl });
  await listener.until(({ messages }) => messages.length >= 900);
  expect(listener.changes.map(({ version }) => version)).toEqual(upTo(905).slice(5));
});

test('[H2] of a long backlog the newest change alone goes out, and what says how the license stands', async () => {
  await using vhost = await freshVirtualHost();
  const long = await newLicense(database);
  const short = await newLicense(database);
  await using first = await startRelay({ database, amqpUrl: vhost.amqpUrl });
  await first.stop();
  await using listener = await Listener.attach(vhost.amqpUrl, '#');
  await commit(database, long, [product('P1', 1)], context);
  await setLicenseStatus(database, long, 'suspended', context);
  await setLicenseStatus(database, long, 'active', context);
  for (let index = 0; index < 10; index += 1)
    await commit(database, long, [setPrice('P1', 2 + index)], context);
  for (let index = 0; index < 10; index += 1) await commit(database, short, [product('P1', index)], context);
  let passedOver = 0;
  const observer = {
    published: () => undefined,
    failed: () => undefined,
    backlog: () => undefined,
    passedOver: (changes: number) => {
      passedOver += changes;
    },
  };
  await using _second = await startRelay({ database, amqpUrl: vhost.amqpUrl, observer, coalesceBeyond: 12 });
  await publishedUpTo(database, long, 13);
  await publishedUpTo(database, short, 10);
  await listener.until(({ changes }) => changes.length >= 13);
  const of = (key: string): readonly number[] =>
    listener.changes.filter(({ license_key }) => license_key === key).map(({ version }) => version);
  expect(of(long)).toEqual([2, 3, 13]);
  expect(of(short)).toEqual(upTo(10));
  expect(passedOver).toBe(10);
  await commit(database, long, [setPrice('P1', 99)], context);
  await listener.until(({ changes }) => changes.length === 14);
  expect(of(long)).toEqual([2, 3, 13, 14]);
});

test('[Y1] two relays share the licenses and keep each license’s order', async () => {
  await using vhost = await freshVirtualHost();
  const counts = { first: 0, second: 0 };
  const counting =
    (relay: keyof typeof counts) =>
    (publisher: RelayPublisher): RelayPublisher =>
      intercepted(publisher, () => {
        counts[relay] += 1;
        return null;
      });
  await using _first = await startRelay({ database, amqpUrl: vhost.amqpUrl, through: counting('first') });
  await using _second = await startRelay({ database, amqpUrl: vhost.amqpUrl, through: counting('second') });
  await using listener = await Listener.attach(vhost.amqpUrl, '#');
  const keys = await Promise.all(Array.from({ length: 24 }, () => newLicense(database)));
  // Until the second has its share, and then on.
  let round = 0;
  while (counts.second < 50 || round < 20) {
    round += 1;
    await Promise.all(keys.map((key) => commit(database, key, [product('P', round)], context)));
  }
  await listener.until(({ changes }) => firstArrivals(changes).get(keys[23] ?? '')?.length === round);
  await Promise.all(keys.map((key) => publishedUpTo(database, key, round)));
  await listener.until(({ changes }) => new Set(changes.map(({ id }) => id)).size === keys.length * round);
  for (const [, versions] of firstArrivals(listener.changes)) expect(versions).toEqual(upTo(round));
  expect(counts.first).toBeGreaterThan(0);
});

test('[Y4] what can never be published is counted and passed over', async () => {
  await using vhost = await freshVirtualHost();
  const failed: string[] = [];
  const observer = {
    published: () => undefined,
    failed: (code: string) => failed.push(code),
    passedOver: () => undefined,
    backlog: () => undefined,
  };
  const through = (publisher: RelayPublisher): RelayPublisher =>
    intercepted(publisher, ({ type }) =>
      type === 'price_update' ? new TillcastError('message_too_large', 'too large') : null,
    );
  await using _relay = await startRelay({ database, amqpUrl: vhost.amqpUrl, observer, through });
  const key = await newLicense(database);
  await using listener = await Listener.attach(vhost.amqpUrl, key);
  await commit(database, key, [product('P1', 1)], context);
  await commit(database, key, [setPrice('P1', 2)], context);
  await commit(database, key, [product('P1', 3)], context);
  await publishedUpTo(database, key, 3);
  await listener.until(({ messages }) => messages.length === 2);
  expect(listener.changes.map(({ version }) => version)).toEqual([1, 3]);
  expect(failed).toEqual(['message_too_large']);
});

test('[Y2] what the broker refuses is tried again from there on', async () => {
  await using vhost = await freshVirtualHost();
  let refusals = 3;
  const through = (publisher: RelayPublisher): RelayPublisher =>
    intercepted(publisher, ({ type }) => {
      if (type !== 'price_update' || refusals === 0) return null;
      refusals -= 1;
      return new TillcastError('publish_refused', 'nack');
    });
  const key = await newLicense(database);
  await using listener = await Listener.attach(vhost.amqpUrl, key);
  await commit(database, key, [product('P1', 1)], context);
  for (let price = 2; price < 6; price += 1) await commit(database, key, [setPrice('P1', price)], context);
  await using _relay = await startRelay({ database, amqpUrl: vhost.amqpUrl, through });
  await publishedUpTo(database, key, 5);
  await listener.until(({ changes }) => new Set(changes.map(({ version }) => version)).size === 5);
  // What was sent after a refused one comes again after it.
  expect(listener.changes.slice(-4).map(({ version }) => version)).toEqual([2, 3, 4, 5]);
});

test('[L3] a broadcast goes to every license once, also one that was made before the relay began', async () => {
  await using vhost = await freshVirtualHost();
  const keys = [await newLicense(database), await newLicense(database)] as const;
  await using one = await Listener.attach(vhost.amqpUrl, keys[0]);
  await using other = await Listener.attach(vhost.amqpUrl, keys[1]);
  const request = { type: 'system_notice', message: 'Hello', severity: 'info', expires_in_s: 60 } as const;
  await createBroadcast(database, request, context);
  await using _relay = await startRelay({ database, amqpUrl: vhost.amqpUrl });
  const later = await createBroadcast(database, request, context);
  const hasBoth = (listener: Listener): boolean => listener.messages.some(({ id }) => id === later.id);
  await Promise.all([one.until(hasBoth), other.until(hasBoth)]);
  await setLicenseStatus(database, keys[0], 'suspended', context);
  await one.until(({ changes }) => changes.length === 1);
  expect(one.deliveries.map(({ routingKey }) => routingKey)).toEqual([
    'license.*.broadcast.system_notice',
    'license.*.broadcast.system_notice',
    `license.${keys[0]}.license_update`,
  ]);
  expect(other.changes).toEqual([]);
});

test('[H1] [Y2] an import of many and single changes of others come through side by side', async () => {
  await using vhost = await freshVirtualHost();
  await using _relay = await startRelay({ database, amqpUrl: vhost.amqpUrl });
  await using listener = await Listener.attach(vhost.amqpUrl, '#');
  const keys: LicenseKey[] = [];
  for (let index = 0; index < 5; index += 1) keys.push(await newLicense(database));
  await Promise.all(
    keys.map(async (key, index) => {
      const many = Array.from({ length: 300 }, (_, each) => product(`M${each}`));
      await commit(database, key, many, context);
      for (let price = 0; price < 20; price += 1)
        await commit(database, key, [setPrice('M1', price)], context);
      await publishedUpTo(database, key, index === 0 ? 21 : 20);
    }),
  );
  for (const key of keys) {
    const { version } = await getLicense(database, key);
    await publishedUpTo(database, key, version);
    await listener.until(({ changes }) => firstArrivals(changes).get(key)?.length === version);
    expect(firstArrivals(listener.changes).get(key)).toEqual(upTo(version));
  }
});

/** The publisher, with something else for some of its messages. */
/** @param intercept what becomes of a message in the place of publishing it; null lets it through */
function intercepted(
  publisher: RelayPublisher,
  intercept: (message: OutgoingMessage) => TillcastError | null,
): RelayPublisher {
  return {
    send: (message, onSettled) => {
      const error = intercept(message);
      if (error === null) publisher.send(message, onSettled);
      else onSettled(error);
    },
    get ready() {
      return publisher.ready;
    },
    onReadyChange: (listener) => publisher.onReadyChange(listener),
  };
}
