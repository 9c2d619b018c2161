import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { ADMIN_PATHS, commitResultSchema } from '@tillcast/protocol/http/admin-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { createDatabase } from '@tillcast/testkit';
import { connect } from 'amqplib';
import { Client } from 'pg';
import { catalogLines, productOf, startBenchBackend } from './lib/backend.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { compare, quantileOf, type Result, timed } from './lib/measure.ts';
import { startBenchTill } from './lib/till.ts';

const PRODUCT = String(productOf(0, 1)['id']);

/**
 * B1: one price change, from the request to the admin API until the till's SQLite has committed it, against
 * the sum of the three raw things underneath: one PostgreSQL commit, one confirmed AMQP publish until it is
 * consumed, one SQLite commit.
 *
 * Traps: one change at a time, so this is latency and not throughput; a pause between changes lets the
 * relay's bookkeeping of the last one end; backend, till and floor share one process, so none pays for a
 * process switch that another does not; the floor has no HTTP, the product has.
 */
export const b1: Benchmark = {
  id: 'B1',
  title: 'change accepted by the API to committed in the till',
  run: async (context) => {
    const results: Result[] = [];
    for (const items of context.quick ? [1_000] : [1_000, 100_000]) {
      await using backend = await startBenchBackend(context);
      const licenseKey = parseLicenseKey('BENCH-LATENCY-1');
      await backend.admin(ADMIN_PATHS.licenses, { key: licenseKey });
      await backend.importOperations(licenseKey, catalogLines(items));
      const folder = await context.folder();
      await using till = await startBenchTill({
        folder,
        licenseKey,
        backendUrl: backend.url,
        amqpUrl: context.amqpUrl,
      });
      await till.committed(1);
      await pause(1_000);
      await using floor = await startFloor(context.postgres.url, context.amqpUrl, folder);

      let price = 2;
      const latenciesMs: number[] = [];
      const change = async (): Promise<number> => {
        await pause(5);
        price += 0.01;
        const operation = { op: 'set_price', product_id: PRODUCT, price: Math.round(price * 100) / 100 };
        const ms = await timed(async () => {
          const answer = backend.admin(ADMIN_PATHS.changes(licenseKey), { operations: [operation] });
          const next = (till.store.cursor?.version ?? 0) + 1;
          const committed = till.committed(next);
          commitResultSchema.parse(await answer);
          await committed;
        });
        latenciesMs.push(ms);
        return ms;
      };
      const rounds = context.quick ? 50 : 300;
      const floorRound = async (): Promise<number> => {
        await pause(5);
        return floor.once();
      };
      const what = `one price change, catalog of ${items}: API to till / raw commit + publish-consume + commit`;
      results.push(
        await compare({ id: 'B1', what, product: change, floor: floorRound, rounds, maxRatio: 1.5 }),
      );
      const sorted = latenciesMs.toSorted((a, b) => a - b);
      context.log(
        `B1 catalog of ${items}: p50 ${quantileOf(sorted, 0.5).toFixed(2)} ms, p99 ${quantileOf(sorted, 0.99).toFixed(2)} ms (goal: p99 at most 25 ms)`,
      );
    }
    return results;
  },
};

async function startFloor(
  postgresUrl: string,
  amqpUrl: string,
  folder: string,
): Promise<AsyncDisposable & { readonly once: () => Promise<number> }> {
  const database = await createDatabase(postgresUrl);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('CREATE TABLE changes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text)');
  const sqlite = new DatabaseSync(join(folder, 'floor.sqlite'));
  sqlite.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE changes (id INTEGER PRIMARY KEY, body TEXT)',
  );
  const insert = sqlite.prepare('INSERT INTO changes (body) VALUES (?)');
  const connection = await connect(amqpUrl, { noDelay: true });
  const publishing = await connection.createConfirmChannel();
  const consuming = await connection.createChannel();
  const { queue } = await consuming.assertQueue('', { exclusive: true });
  await consuming.bindQueue(queue, 'pos_license_events', 'floor.#');
  const arrivals = new EventTarget();
  await consuming.consume(queue, (message) => {
    if (message === null) return;
    arrivals.dispatchEvent(new Event('message'));
    consuming.ack(message);
  });
  const body = JSON.stringify(productOf(0, 1));
  return {
    once: async () =>
      timed(async () => {
        await client.query({
          name: 'insert',
          text: 'INSERT INTO changes (body) VALUES ($1)',
          values: [body],
        });
        const arrived = once(arrivals, 'message');
        publishing.publish('pos_license_events', 'floor.price_update', Buffer.from(body), {
          deliveryMode: 1,
        });
        await arrived;
        insert.run(body);
      }),
    [Symbol.asyncDispose]: async () => {
      await connection.close();
      await client.end();
      sqlite.close();
      await database.drop();
    },
  };
}
