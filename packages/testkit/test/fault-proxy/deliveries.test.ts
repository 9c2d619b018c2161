import { connect } from 'amqplib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type DeliveryFaults, type FaultProxy, freshVirtualHost, openFaultProxy } from '../../src/index.ts';

const MESSAGES = 400;

interface Received {
  readonly proxy: FaultProxy;
  /** In order of arrival; the number of each message, checked to have come whole. */
  readonly numbers: readonly number[];
  /** Publishes the next so many. */
  readonly publish: (count: number) => Promise<void>;
  /** What the broker thinks is delivered and not acknowledged, and what it has ready. */
  readonly left: () => Promise<{ readonly unacknowledged: number; readonly ready: number }>;
}

/** Bodies of all sizes, from nothing but the number to several frames of the smallest size that may be agreed. */
function bodyOf(number: number): Buffer {
  return Buffer.from(`${number} ${'x'.repeat((number * 97) % 9_000)}`);
}

async function consumeThrough(
  deliveries: DeliveryFaults,
  options: { readonly noAck?: boolean; readonly seed?: number } = {},
): Promise<Received> {
  const { noAck = false, seed = 7 } = options;
  const host = await freshVirtualHost();
  onTestFinished(() => host.drop());
  const proxy = await openFaultProxy({ target: Number(new URL(host.amqpUrl).port), amqp: true, seed });
  onTestFinished(() => proxy.close());
  const consumer = await connect(`${proxy.through(host.amqpUrl)}?frameMax=4096`);
  const publisher = await connect(host.amqpUrl);
  const failures: unknown[] = [];
  for (const each of [consumer, publisher]) each.on('error', (error: unknown) => failures.push(error));
  onTestFinished(async () => {
    await consumer.close();
    await publisher.close();
    expect(failures).toEqual([]);
  });
  const taking = await consumer.createChannel();
  taking.on('error', (error: unknown) => failures.push(error));
  await taking.prefetch(50);
  const { queue } = await taking.assertQueue('', { exclusive: false });
  const numbers: number[] = [];
  proxy.suffer({ deliveries });
  await taking.consume(
    queue,
    (message) => {
      if (message === null) return;
      const number = Number.parseInt(message.content.toString('latin1'), 10);
      expect(message.content.equals(bodyOf(number))).toBe(true);
      numbers.push(number);
      if (!noAck) taking.ack(message);
    },
    { noAck },
  );
  const giving = await publisher.createConfirmChannel();
  let published = 0;
  return {
    proxy,
    numbers,
    publish: async (count) => {
      for (let index = 0; index < count; index += 1) {
        giving.sendToQueue(queue, bodyOf(published));
        published += 1;
      }
      await giving.waitForConfirms();
    },
    left: async () => {
      // Closing the consumer's channel makes ready again whatever it did not acknowledge.
      const { messageCount } = await giving.checkQueue(queue);
      await taking.close();
      const after = await giving.checkQueue(queue);
      return { unacknowledged: after.messageCount - messageCount, ready: messageCount };
    },
  };
}

function soon(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 10 });
}

test.each([false, true])(
  'a share of the deliveries is lost whole, and the line lives on (noAck: %s)',
  async (noAck) => {
    const { proxy, numbers, publish, left } = await consumeThrough({ drop: 0.2 }, { noAck });
    await publish(MESSAGES);
    await soon(() => expect(proxy.tally.deliveries).toBe(MESSAGES));
    proxy.heal();
    await publish(1);
    await soon(() => expect(numbers.at(-1)).toBe(MESSAGES));
    const { dropped } = proxy.tally;
    expect(dropped).toBeGreaterThan(MESSAGES * 0.1);
    expect(dropped).toBeLessThan(MESSAGES * 0.3);
    expect(numbers).toHaveLength(MESSAGES + 1 - dropped);
    expect(numbers).toEqual([...numbers].toSorted((a, b) => a - b));
    expect(await left()).toEqual({ unacknowledged: 0, ready: 0 });
  },
);

test('a share comes twice, and the broker is told once', async () => {
  const { proxy, numbers, publish, left } = await consumeThrough({ double: 0.3 });
  await publish(MESSAGES);
  await soon(() => expect(numbers).toHaveLength(MESSAGES + proxy.tally.doubled));
  expect(proxy.tally.doubled).toBeGreaterThan(MESSAGES * 0.2);
  expect(new Set(numbers).size).toBe(MESSAGES);
  expect(await left()).toEqual({ unacknowledged: 0, ready: 0 });
});

test('a share comes late, behind what was sent after it, and all comes', async () => {
  const { proxy, numbers, publish, left } = await consumeThrough({ delay: { share: 0.3, maxMs: 200 } });
  await publish(MESSAGES);
  await soon(() => expect(numbers).toHaveLength(MESSAGES));
  expect(proxy.tally.delayed).toBeGreaterThan(MESSAGES * 0.2);
  expect(new Set(numbers).size).toBe(MESSAGES);
  expect(numbers).not.toEqual([...numbers].toSorted((a, b) => a - b));
  expect(await left()).toEqual({ unacknowledged: 0, ready: 0 });
});

test('one seed loses the same messages each time, and another one others', async () => {
  const lostWith = async (seed: number): Promise<readonly number[]> => {
    const { proxy, numbers, publish } = await consumeThrough({ drop: 0.2 }, { seed });
    await publish(100);
    await soon(() => expect(proxy.tally.deliveries).toBe(100));
    proxy.heal();
    await publish(1);
    await soon(() => expect(numbers.at(-1)).toBe(100));
    return numbers;
  };
  const first = await lostWith(1);
  expect(await lostWith(1)).toEqual(first);
  expect(await lostWith(2)).not.toEqual(first);
});
