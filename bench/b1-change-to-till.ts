import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { silentLogger } from '@tillcast/broker';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import type { Operation } from '@tillcast/protocol/operation';
import { createDatabase } from '@tillcast/testkit';
import { connect } from 'amqplib';
import { Client } from 'pg';
import { commit } from '../packages/backend/src/catalog/commit.ts';
import { openDatabase } from '../packages/backend/src/database/open-database.ts';
import { openKeyRing } from '../packages/backend/src/keys/stored-key-ring.ts';
import { catalogLines, productOf, startBenchBackend } from './lib/backend.ts';
import type { BenchContext, Benchmark } from './lib/benchmark.ts';
import { compare, quantileOf, type Result, timed } from './lib/measure.ts';
import { portOf } from './lib/port.ts';
import { startBenchTill } from './lib/till.ts';

const LICENSE_KEY = parseLicenseKey('BENCH-LATENCY-1');
const PRODUCT = String(productOf(0, 1)['id']);

/**
 * B1: one price change, from the request to the admin API until the till's SQLite has committed it, against
 * the sum of the raw things underneath: one HTTP POST to a server that does nothing, one PostgreSQL commit,
 * one AMQP publish until it is consumed, one SQLite commit. And the same without HTTP on either side: from
 * the call of commit() on.
 *
 * Traps: one change at a time, so this is latency and not throughput; it is that of a system that has been running
 * (uncounted rounds before); a pause between changes lets the relay's bookkeeping of the last one end; backend, till and floor share one process, so none pays for a
 * process switch that another does not.
 */
export const b1: Benchmark = {
  id: 'B1',
  title: 'change accepted by the API to committed in the till',
  run: async (context) => {
    const results: Result[] = [];
    for (const items of context.quick ? [1_000] : [1_000, 100_000]) {
      results.push(...(await latencyOf(items, context)));
    }
    return results;
  },
};

async function latencyOf(items: number, context: BenchContext): Promise<readonly Result[]> {
  await using backend = await startBenchBackend(context);
  await using database = await openDatabase({ url: backend.databaseUrl }, { logger: silentLogger });
  const now = (): Date => new Date();
  const { dataDir } = backend;
  await using keys = await openKeyRing({ database, secretKey: null, dataDir, logger: silentLogger, now });
  await backend.admin(ADMIN_PATHS.licenses, { key: LICENSE_KEY });
  await backend.importOperations(LICENSE_KEY, catalogLines(items));
  const folder = await context.folder();
  const { amqpUrl } = context;
  await using till = await startBenchTill({
    folder,
    licenseKey: LICENSE_KEY,
    backendUrl: backend.url,
    amqpUrl,
  });
  await till.committed(1);
  await pause(1_000);
  await using floor = await startFloor(context.postgres.url, amqpUrl, folder);

  let pence = 200;
  const measured = async (change: (operation: Operation) => Promise<unknown>): Promise<number> => {
    await pause(5);
    pence += 1;
    const committed = till.committed((till.store.cursor?.version ?? 0) + 1);
    return timed(async () => {
      await change({ op: 'set_price', product_id: PRODUCT, price: pence / 100 });
      await committed;
    });
  };
  const latenciesMs: number[] = [];
  const byHttp = async (): Promise<number> => {
    const ms = await measured((operation) =>
      backend.admin(ADMIN_PATHS.changes(LICENSE_KEY), { operations: [operation] }),
    );
    latenciesMs.push(ms);
    return ms;
  };
  const byCall = (): Promise<number> =>
    measured((operation) => commit(database, LICENSE_KEY, [operation], { now, signer: keys }));
  const [rounds, warmUps] = context.quick ? [100, 100] : [400, 200];
  const comparison = { id: 'B1', rounds, warmUps, maxRatio: 1.5 };
  const results = [
    await compare({
      ...comparison,
      what: `one price change, catalog of ${items}: request to till / raw POST + commit + publish-consume + commit`,
      product: byHttp,
      floor: () => pause(5).then(() => floor.once(true)),
    }),
    await compare({
      ...comparison,
      what: `one price change, catalog of ${items}: commit() to till / raw commit + publish-consume + commit`,
      product: byCall,
      floor: () => pause(5).then(() => floor.once(false)),
    }),
  ];
  const sorted = latenciesMs.slice(warmUps).toSorted((a, b) => a - b);
  const [p50, p99] = [0.5, 0.99].map((quantile) => quantileOf(sorted, quantile).toFixed(1));
  context.log(
    `B1 catalog of ${items}: request to till p50 ${p50} ms, p99 ${p99} ms (goal: p99 at most 25 ms)`,
  );
  return results;
}

async function startFloor(
  postgresUrl: string,
  amqpUrl: string,
  folder: string,
): Promise<AsyncDisposable & { readonly once: (http: boolean) => Promise<number> }> {
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
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${portOf(server)}/`;
  return {
    once: (http) =>
      timed(async () => {
        if (http) await (await fetch(url, { method: 'POST', body })).text();
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
      server.close();
      server.closeAllConnections();
      await connection.close();
      await client.end();
      sqlite.close();
      await database.drop();
    },
  };
}
