import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { CHANGE_TYPES } from '@tillcast/protocol/message-type';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Listener, listenAs } from '../support/listener.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

/*
 * 1. A terminal's queue of license A and one of license B, bound as real terminals bind.
 * 2. A change of every type that there is, for A.
 * 3. A broadcast. It reaches both; what reached B's queue before it would be before it in B's queue.
 */

const A = 'EXTRO-LIFE-ABC123';
const B = 'EXTRO-LIFE-XYZ789';
/** A key that begins as A's does: nothing that fits by its beginning alone may pass. */
const LONGER_A = 'EXTRO-LIFE-ABC1234';

const product = { id: 'P1', name: 'Flat white', price: 3.6, currency: 'GBP' };
const modifier = {
  id: 'M1',
  name: 'Milk',
  currency: 'GBP',
  options: [{ id: 'OAT', name: 'Oat', price_delta: 0.4 }],
};
const put = (kind: string, item: unknown): unknown => ({ op: 'put', kind, item });
const remove = (kind: string, id: string): unknown => ({ op: 'delete', kind, id });

let system: TestSystem;
const listeners: Record<string, Listener> = {};

beforeAll(async () => {
  system = await startTestSystem([A, B, LONGER_A]);
  for (const key of [A, B, LONGER_A]) listeners[key] = await listenAs(key, system.virtualHost.amqpUrl);
});

afterAll(async () => {
  for (const listener of Object.values(listeners)) await listener[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
});

test('[Q6] [P1] [L3] messages of every type reach the queues of their license, and no other license receives a byte but broadcasts', async () => {
  await system.commit(A, put('product', product));
  await system.commit(A, { op: 'set_price', product_id: 'P1', price: 3.8 });
  await system.commit(A, put('category', { id: 'C1', name: 'Coffee' }));
  await system.commit(A, put('modifier', modifier));
  await system.commit(A, put('table', { id: 'T1', name: 'Table 1' }));
  await system.commit(A, put('user', { id: 'U1', name: 'Mia' }));
  await system.commit(A, put('product', { ...product, id: 'P2' }), put('product', { ...product, id: 'P3' }));
  for (const [kind, id] of [
    ['product', 'P1'],
    ['category', 'C1'],
    ['modifier', 'M1'],
    ['table', 'T1'],
    ['user', 'U1'],
  ] as const) {
    await system.commit(A, remove(kind, id));
  }
  await system.admin(ADMIN_PATHS.suspend(A), {});
  await system.admin(ADMIN_PATHS.resume(A), {});
  await listeners[A]?.until((message) => 'version' in message && message.version === 14);

  const notice = await system.admin(ADMIN_PATHS.broadcasts, { type: 'system_notice', message: 'the end' });
  expect(notice.status).toBe(202);
  for (const listener of Object.values(listeners))
    await listener.until(({ type }) => type === 'broadcast.system_notice');

  const received = listeners[A]?.messages() ?? [];
  const versions = received.flatMap((message) => ('version' in message ? [message.version] : []));
  expect(versions).toEqual(Array.from({ length: 14 }, (_, index) => index + 1));
  expect(new Set(received.map(({ type }) => type))).toEqual(
    new Set([...CHANGE_TYPES, 'broadcast.system_notice']),
  );
  for (const other of [B, LONGER_A]) {
    expect(listeners[other]?.messages().map(({ type }) => type)).toEqual(['broadcast.system_notice']);
  }
});

test('[Q1] [Q2] the exchange is the one durable topic exchange, and a terminal queue is exclusive, transient and bound twice', async () => {
  const { management, name } = system.virtualHost;
  const exchanges = await management.listExchanges(name);
  expect(exchanges.find((exchange) => exchange.name === 'pos_license_events')).toMatchObject({
    type: 'topic',
    durable: true,
  });
  const queues = await management.listQueues(name);
  expect(queues).toHaveLength(3);
  for (const queue of queues) {
    expect(queue.name).toMatch(/^terminal\.[0-9a-f-]{36}\.[\w-]{8,}$/);
    expect(queue).toMatchObject({ exclusive: true, durable: false });
  }
  const bindings = (await management.listBindings(name)).filter(
    ({ source }) => source === 'pos_license_events',
  );
  const bound = bindings.map(({ routingKey }) => routingKey);
  const own = [A, B, LONGER_A].map((key) => `license.${key}.#`);
  expect(new Set(bound)).toEqual(new Set([...own, 'license.*.broadcast.#']));
  expect(bound).toHaveLength(2 * own.length);
});
