import { randomUUID } from 'node:crypto';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf, broadcastRoutingKey, routingKeyOf } from '@tillcast/protocol/routing';
import { expect, onTestFinished, test } from 'vitest';
import { type BrokerConnection, type Delivery, Publisher, Subscriber } from '../src/index.ts';
import { eventually, message, useBroker } from './test-node.ts';

const broker = useBroker();
const LICENSE_A = parseLicenseKey('EXTRO-LIFE-ABC123');
const LICENSE_B = parseLicenseKey('EXTRO-LIFE-XYZ789');

async function attach(
  connection: BrokerConnection,
  bindings: readonly string[],
  handler?: (delivery: Delivery) => void | Promise<void>,
) {
  const received: Delivery[] = [];
  const errors: unknown[] = [];
  const attachments: string[] = [];
  const detachments: string[] = [];
  const subscriber = new Subscriber({
    connection,
    terminalId: randomUUID(),
    bindings,
    handler: async (delivery) => {
      received.push(delivery);
      await handler?.(delivery);
    },
    onError: (error) => errors.push(error),
    onAttached: (queue) => attachments.push(queue),
    onDetached: (reason) => detachments.push(reason.message),
  });
  subscriber.start();
  onTestFinished(() => subscriber.stop());
  await eventually(() => subscriber.attached);
  const keys = (): string[] => received.map((delivery) => delivery.routingKey);
  return { subscriber, received, keys, errors, attachments, detachments };
}

async function publisherOn(connection: BrokerConnection): Promise<Publisher> {
  const publisher = new Publisher({ connection });
  connection.start();
  publisher.start();
  onTestFinished(() => publisher.stop());
  await publisher.whenReady(20_000);
  return publisher;
}

test('[P1] a message to one license reaches that license’s queue and no other', async () => {
  const connection = (await broker()).connection();
  const publisher = await publisherOn(connection);
  const tillA = await attach(connection, bindingsOf(LICENSE_A));
  const tillB = await attach(connection, bindingsOf(LICENSE_B));
  await publisher.publish(message(routingKeyOf(LICENSE_A, 'price_update'), 'to-a'));
  await publisher.publish(message(routingKeyOf(LICENSE_B, 'price_update'), 'to-b'));
  // What comes last in a queue shows that nothing came before it.
  await publisher.publish(message(broadcastRoutingKey('system_notice'), 'to-all'));
  await eventually(() => tillA.received.length >= 2 && tillB.received.length >= 2);
  expect(tillA.received.map((each) => each.messageId)).toEqual(['to-a', 'to-all']);
  expect(tillB.received.map((each) => each.messageId)).toEqual(['to-b', 'to-all']);
});

test('[L3] a broadcast reaches a queue by the second binding only', async () => {
  const connection = (await broker()).connection();
  const publisher = await publisherOn(connection);
  const both = await attach(connection, bindingsOf(LICENSE_A));
  const firstOnly = await attach(connection, [`license.${LICENSE_A}.#`]);
  await publisher.publish(message(broadcastRoutingKey('system_notice'), 'to-all'));
  await publisher.publish(message(routingKeyOf(LICENSE_A, 'price_update'), 'to-a'));
  await eventually(() => both.received.length >= 2 && firstOnly.received.length >= 1);
  expect(both.received.map((each) => each.messageId)).toEqual(['to-all', 'to-a']);
  expect(firstOnly.received.map((each) => each.messageId)).toEqual(['to-a']);
});

test('a delivery carries the properties it was published with', async () => {
  const connection = (await broker()).connection();
  const publisher = await publisherOn(connection);
  const till = await attach(connection, bindingsOf(LICENSE_A));
  await publisher.publish({
    ...message(routingKeyOf(LICENSE_A, 'price_update'), 'id-1', '{"a":1}'),
    headers: { signature: 'abc', part: 2 },
    contentEncoding: 'gzip',
  });
  const [delivery] = await eventually(() => till.received.length > 0 && till.received);
  expect(delivery).toMatchObject({
    messageId: 'id-1',
    type: 'price_update',
    timestampMs: 1_700_000_000_000,
    contentEncoding: 'gzip',
    headers: { signature: 'abc', part: 2 },
    redelivered: false,
  });
  expect(delivery?.body.toString()).toBe('{"a":1}');
});

test('[W4] a message that its handler cannot take is dropped and reported, and the next one is handled', async () => {
  const { management, vhost, connection: connect } = await broker();
  const connection = connect();
  const publisher = await publisherOn(connection);
  const till = await attach(connection, bindingsOf(LICENSE_A), (delivery) => {
    if (delivery.messageId?.startsWith('poison') === true)
      throw new Error(`cannot take ${delivery.messageId}`);
  });
  for (const id of ['poison-1', 'good-1', 'poison-2', 'good-2']) {
    await publisher.publish(message(routingKeyOf(LICENSE_A, 'price_update'), id));
  }
  await eventually(() => till.received.length >= 4);
  expect(till.received.map((each) => each.messageId)).toEqual(['poison-1', 'good-1', 'poison-2', 'good-2']);
  await eventually(() => till.errors.length >= 2);
  expect(till.errors.map(String)).toEqual(['Error: cannot take poison-1', 'Error: cannot take poison-2']);
  await eventually(async () => (await management.listQueues(vhost)).every((queue) => queue.messages === 0));
  expect(till.received).toHaveLength(4);
});

test('deliveries are handled one at a time and in order, however long one takes', async () => {
  const connection = (await broker()).connection();
  const publisher = await publisherOn(connection);
  const log: string[] = [];
  const till = await attach(connection, bindingsOf(LICENSE_A), async (delivery) => {
    log.push(`begin ${delivery.messageId}`);
    await new Promise((resolve) => setTimeout(resolve, delivery.messageId === '1' ? 50 : 1));
    log.push(`end ${delivery.messageId}`);
  });
  await Promise.all(
    ['1', '2', '3'].map((id) => publisher.publish(message(routingKeyOf(LICENSE_A, 'price_update'), id))),
  );
  await eventually(() => till.received.length === 3 && log.length === 6);
  expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
});

test('stopping a subscriber waits for the handler that runs, and its queue is gone', async () => {
  const { management, vhost, connection: connect } = await broker();
  const connection = connect();
  const publisher = await publisherOn(connection);
  const gate = Promise.withResolvers<void>();
  let finished = false;
  const till = await attach(connection, bindingsOf(LICENSE_A), async () => {
    await gate.promise;
    finished = true;
  });
  await publisher.publish(message(routingKeyOf(LICENSE_A, 'price_update'), '1'));
  await eventually(() => till.received.length === 1);
  const stopped = till.subscriber.stop();
  gate.resolve();
  await stopped;
  expect(finished).toBe(true);
  await eventually(async () => (await management.listQueues(vhost)).length === 0);
});

test('[Q3] a queue deleted under its consumer is reported and declared again under another name', async () => {
  const connection = (await broker()).connection();
  const publisher = await publisherOn(connection);
  const till = await attach(connection, bindingsOf(LICENSE_A));
  const [first] = till.attachments;
  // Only the connection that declared an exclusive queue may delete it.
  const deleting = connection.addSession({
    name: 'deleting',
    open: async (channels) => {
      const channel = await channels.createChannel();
      await channel.deleteQueue(first ?? '');
      return { lost: new Promise(() => undefined), close: () => channel.close() };
    },
  });
  await eventually(() => till.attachments.length === 2);
  expect(till.detachments).toHaveLength(1);
  expect(till.detachments[0]).toContain('cancelled the consumer');
  expect(till.attachments[1]).not.toBe(first);
  await publisher.publish(message(routingKeyOf(LICENSE_A, 'price_update'), 'after'));
  await eventually(() => till.received.length === 1);
  expect(connection.state.status).toBe('up');
  await deleting.remove();
});

test('[Q5] 20,000 messages are all confirmed, and all arrive in order', async () => {
  const connection = (await broker()).connection();
  const publisher = await publisherOn(connection);
  const till = await attach(connection, bindingsOf(LICENSE_A));
  const key = routingKeyOf(LICENSE_A, 'price_update');
  // In portions below the queue's length limit, beyond which a queue drops its oldest.
  for (let from = 0; from < 20_000; from += 5_000) {
    await Promise.all(
      Array.from({ length: 5_000 }, (_, index) => publisher.publish(message(key, String(from + index)))),
    );
    await eventually(() => till.received.length >= from + 5_000);
  }
  expect(till.received.map((each) => Number(each.messageId))).toEqual(
    Array.from({ length: 20_000 }, (_, index) => index),
  );
});

test('a body above the bound is refused before it is sent', async () => {
  const connection = (await broker()).connection();
  const publisher = await publisherOn(connection);
  const tooLarge = {
    ...message(routingKeyOf(LICENSE_A, 'price_update'), '1'),
    body: new Uint8Array(1_048_577),
  };
  await expect(publisher.publish(tooLarge)).rejects.toMatchObject({ code: 'message_too_large' });
  await publisher.publish({ ...tooLarge, body: new Uint8Array(1_048_576) });
});
