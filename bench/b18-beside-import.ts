import { setTimeout as pause } from 'node:timers/promises';
import { ADMIN_PATHS, IMPORT_MEDIA_TYPE } from '@tillcast/protocol/http/admin-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf } from '@tillcast/protocol/routing';
import { connect } from 'amqplib';
import { z } from 'zod';
import { catalogLines, productOf } from './lib/backend.ts';
import type { BenchContext, Benchmark } from './lib/benchmark.ts';
import { type ForkedBackend, forkBenchBackend } from './lib/forked-backend.ts';
import { compare, quantileOf } from './lib/measure.ts';

const QUIET = parseLicenseKey('BENCH-BESIDE-QUIET');
/** A price update of the quiet license begins so often, whether the one before it is done or not. */
const PACE_MS = 50;
const BOUND_MS = 250;

const messageSchema = z.object({ version: z.int() });

/**
 * B18: how long a price update takes, from the request to the queue of its till (p99), while another license
 * imports 100,000 products into the same backend; against the bound of 250 ms.
 *
 * Traps: open loop, so that an update that waits makes the ones behind it no rarer. The import is measured from
 * its first byte to its answer, and what is asked outside of that does not count.
 */
export const b18: Benchmark = {
  id: 'B18',
  title: 'a price update beside another license’s import',
  run: async (context) => {
    const items = context.quick ? 20_000 : 100_000;
    const lines = catalogLines(items);
    await using backend = await forkBenchBackend(context);
    await backend.admin(ADMIN_PATHS.licenses, { key: QUIET });
    await backend.admin(ADMIN_PATHS.changes(QUIET), {
      operations: [{ op: 'put', kind: 'product', item: productOf(0, 1) }],
    });
    const updates = await startUpdates(context, backend);
    let license = 0;
    try {
      return [
        await compare({
          id: 'B18',
          what: `p99 of a price update during another license's import of ${items} / ${BOUND_MS} ms`,
          product: async () => {
            license += 1;
            const key = `BENCH-BESIDE-${license}`;
            await backend.admin(ADMIN_PATHS.licenses, { key });
            return updates.p99During(() => backend.post(ADMIN_PATHS.import(key), IMPORT_MEDIA_TYPE, lines));
          },
          floor: () => Promise.resolve(BOUND_MS),
          rounds: context.quick ? 3 : 5,
          maxRatio: 1,
        }),
        await compare({
          id: 'B18',
          what: `p99 of a price update when all is quiet / ${BOUND_MS} ms`,
          product: () => updates.p99During(() => pause(4_000)),
          floor: () => Promise.resolve(BOUND_MS),
          rounds: context.quick ? 3 : 5,
          maxRatio: 1,
        }),
      ];
    } finally {
      await updates.stop();
    }
  },
};

interface Updates {
  /** The p99, in milliseconds, of the updates that begin while the work goes on. */
  p99During(work: () => Promise<unknown>): Promise<number>;
  stop(): Promise<void>;
}

async function startUpdates(context: BenchContext, backend: ForkedBackend): Promise<Updates> {
  const connection = await connect(context.amqpUrl, { noDelay: true });
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (const binding of bindingsOf(QUIET)) await channel.bindQueue(queue, 'pos_license_events', binding);
  const arrived = new Map<number, number>();
  await channel.consume(
    queue,
    (message) => {
      if (message === null) return;
      const { version } = messageSchema.parse(JSON.parse(message.content.toString()));
      arrived.set(version, performance.now());
    },
    { noAck: true },
  );
  let price = 1;
  const update = async (startedAt: number): Promise<number> => {
    price += 1;
    const operations = [{ op: 'set_price', product_id: productOf(0, 1)['id'], price: price / 100 }];
    const { version } = messageSchema.parse(await backend.admin(ADMIN_PATHS.changes(QUIET), { operations }));
    while (!arrived.has(version)) await pause(1);
    return (arrived.get(version) ?? NaN) - startedAt;
  };
  return {
    p99During: async (work) => {
      const waits: Promise<number>[] = [];
      const pacer = setInterval(() => waits.push(update(performance.now())), PACE_MS);
      try {
        await work();
      } finally {
        clearInterval(pacer);
      }
      const settled = await Promise.all(waits);
      return quantileOf(
        settled.toSorted((a, b) => a - b),
        0.99,
      );
    },
    stop: () => connection.close(),
  };
}
