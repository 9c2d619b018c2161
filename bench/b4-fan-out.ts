import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf } from '@tillcast/protocol/routing';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { z } from 'zod';
import { productOf } from './lib/backend.ts';
import type { BenchContext, Benchmark } from './lib/benchmark.ts';
import { forkBenchBackend } from './lib/forked-backend.ts';
import { compare, timed } from './lib/measure.ts';
import { inParallel } from './lib/parallel.ts';
import { type BenchTill, startBenchTill } from './lib/till.ts';

const LICENSE = parseLicenseKey('BENCH-FAN-OUT');
const REAL_TILLS = 10;
const AT_ONCE = 50;

const versionSchema = z.object({ version: z.int() });

/**
 * B4: one price change, from the request until the last of 1,000 queues has it and ten real tills have committed
 * it; a broadcast likewise; against one bare publish to as many queues of their own, each bound once.
 *
 * Traps: a thousand real tills in one process would measure that process, and each till has a machine of its own;
 * so 990 of the queues, declared and bound as a till's are, are read by this process, which counts. It counts the
 * floor's too. Request, commit and relay are in the product's time and not in the floor's (B1 has them).
 */
export const b4: Benchmark = {
  id: 'B4',
  title: 'one change to a thousand tills',
  run: async (context) => {
    const tills = context.quick ? 200 : 1_000;
    await using backend = await forkBenchBackend(context, { TILLCAST_RATE_LIMITS: 'off' });
    await backend.admin(ADMIN_PATHS.licenses, { key: LICENSE });
    await backend.admin(ADMIN_PATHS.changes(LICENSE), {
      operations: [{ op: 'put', kind: 'product', item: productOf(0, 1) }],
    });
    await using stack = new AsyncDisposableStack();
    const real: BenchTill[] = [];
    for (let index = 0; index < REAL_TILLS; index += 1) {
      const till = await startBenchTill({
        folder: await context.folder(),
        licenseKey: LICENSE,
        backendUrl: backend.url,
        amqpUrl: context.amqpUrl,
      });
      real.push(stack.use(till));
    }
    await Promise.all(real.map((till) => till.committed(1)));
    const ours = stack.use(await startQueues(context, tills - REAL_TILLS, bindingsOf(LICENSE)));
    const bare = stack.use(await startQueues(context, tills, ['bench.bare.#']));
    const publisher = await connect(context.amqpUrl, { noDelay: true });
    stack.defer(() => publisher.close());
    const channel = await publisher.createConfirmChannel();
    const body = Buffer.alloc(400, 'x');

    let price = 1;
    const change = (): Promise<number> =>
      timed(async () => {
        price += 1;
        const all = ours.nextEverywhere();
        const answer = await backend.admin(ADMIN_PATHS.changes(LICENSE), {
          operations: [{ op: 'set_price', product_id: productOf(0, 1)['id'], price: price / 100 }],
        });
        const { version } = versionSchema.parse(answer);
        await Promise.all([all, ...real.map((till) => till.committed(version))]);
      });
    const broadcast = (): Promise<number> =>
      timed(async () => {
        const all = ours.nextEverywhere();
        await backend.admin(ADMIN_PATHS.broadcasts, {
          type: 'system_notice',
          message: 'For everyone',
          severity: 'info',
          expires_in_s: 60,
        });
        await all;
      });
    const floor = (): Promise<number> =>
      timed(async () => {
        const all = bare.nextEverywhere();
        channel.publish('pos_license_events', 'bench.bare.one', body, { deliveryMode: 1 });
        await all;
      });
    const shared = { id: 'B4', floor, rounds: context.quick ? 5 : 15, maxRatio: 1.3, operations: tills };
    return [
      await compare({
        ...shared,
        what: `one change, request to the last of ${tills} tills / one bare publish to ${tills} queues`,
        product: change,
      }),
      await compare({
        ...shared,
        what: `one broadcast, request to the last of ${tills} queues / one bare publish to ${tills} queues`,
        product: broadcast,
      }),
    ];
  },
};

interface Queues extends AsyncDisposable {
  /** Resolves when one more message has come to each queue. */
  nextEverywhere(): Promise<void>;
}

/** Connections of their own, as tills have them. */
async function startQueues(
  context: BenchContext,
  count: number,
  bindings: readonly string[],
): Promise<Queues> {
  let missing = 0;
  let done: () => void = () => undefined;
  const arrived = (): void => {
    missing -= 1;
    if (missing === 0) done();
  };
  const connections = await inParallel(AT_ONCE, Array.from({ length: count }), () =>
    consume(context.amqpUrl, bindings, arrived),
  );
  return {
    nextEverywhere: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      missing = count;
      done = resolve;
      return promise;
    },
    [Symbol.asyncDispose]: async () => {
      await inParallel(AT_ONCE, connections, (connection) => connection.close());
    },
  };
}

async function consume(
  url: string,
  bindings: readonly string[],
  onMessage: () => void,
): Promise<ChannelModel> {
  const connection = await connect(url, { noDelay: true });
  const channel: Channel = await connection.createChannel();
  const name = `terminal.${crypto.randomUUID()}.${crypto.randomUUID()}`;
  const { queue } = await channel.assertQueue(name, { exclusive: true, autoDelete: true, durable: false });
  for (const binding of bindings) await channel.bindQueue(queue, 'pos_license_events', binding);
  await channel.consume(queue, onMessage, { noAck: true });
  return connection;
}
