import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { SALES_PATH, salesAnswerSchema } from '@tillcast/protocol/http/sales-api';
import { LICENSE_KEY_HEADER, TERMINAL_ID_HEADER } from '@tillcast/protocol/http/sync-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import type { Sale } from '@tillcast/protocol/sales/sale';
import { RUN_BYTES, runName, saleIdOf } from '@tillcast/protocol/sales/sale-id';
import { createDatabase } from '@tillcast/testkit';
import { Client } from 'pg';
import type { BenchContext, Benchmark } from './lib/benchmark.ts';
import { type ForkedBackend, forkBenchBackend } from './lib/forked-backend.ts';
import { compare, type Result, timed } from './lib/measure.ts';
import { openOutbox, saveTimes } from './lib/sales-till.ts';
import { soldAs } from './lib/sold.ts';

const TILLS = 20;
const BATCH = 100;
const LICENSE = parseLicenseKey('BENCH-SALES-ONE');
const SAVE_BOUND_MS = 20;

/**
 * B14: 20 tills that hand in 1,000 sales each, all at once, against `unnest` inserts of the same rows, in batches of the same
 * size over as many connections, into a table with the same primary key and the same index. Once with requests that are ready, which is
 * the server's part; once by the tills' own outboxes, from the sale on their disk to the answer on it. Its growth: the same
 * into a table that is empty, and into one that has half a million sales of the license already. And how long a till takes to
 * save a sale, all of it: the check of the order, the receipt, and the commit with `synchronous=FULL`.
 *
 * Traps: the floor's rows are ready, hashes included: it parses and checks nothing. Who asks is in this process and shares the two
 * cores. Every round's sales are new, so both tables grow alike. In the end it is counted that each sale is there once, or the figure
 * is worth nothing. How long a commit takes is the disk's to say: this one's bare commits are told beside it.
 */
export const b14: Benchmark = {
  id: 'B14',
  title: 'sales of 20 tills, each exactly once',
  run: async (context) => {
    const each = context.quick ? 200 : 1_000;
    const rounds = context.quick ? 3 : 5;
    return [
      ...(await handIn(context, each, rounds)),
      await growth(context, each, rounds),
      await saving(context, rounds),
    ];
  },
};

async function handIn(context: BenchContext, each: number, rounds: number): Promise<readonly Result[]> {
  await using backend = await backendWithLicense(context);
  await using floor = await startFloor(context);
  const sales = TILLS * each;
  const shared = { id: 'B14', rounds, maxRatio: 2, operations: sales } as const;
  const amount = `${TILLS} tills with ${each} sales each`;
  let handedIn = 0;
  const counted = (product: () => Promise<number>) => async (): Promise<number> => {
    const ms = await product();
    handedIn += sales;
    return ms;
  };
  const results = [
    await compare({
      ...shared,
      what: `${amount}, requests that are ready: API / unnest inserts`,
      product: counted(() => postAll(backend, requestsOf(each))),
      floor: () => floor.insertAll(rowsOf(each)),
    }),
    await compare({
      ...shared,
      what: `${amount}, from one disk to the other by the tills' outboxes / unnest inserts`,
      product: counted(async () => sendAll(backend, await context.folder(), each)),
      floor: () => floor.insertAll(rowsOf(each)),
    }),
  ];
  await expectSales(backend.databaseUrl, handedIn);
  return results;
}

/** A license with a long history, in a database of its own, against one with none. */
async function growth(context: BenchContext, each: number, rounds: number): Promise<Result> {
  const history = context.quick ? 100_000 : 500_000;
  await using old = await backendWithLicense(context);
  await using young = await backendWithLicense(context);
  await fill(old.databaseUrl, history);
  return await compare({
    id: 'B14',
    what: `growth: the same requests with ${history} sales before / with none`,
    product: () => postAll(old, requestsOf(each)),
    floor: async () => {
      await emptySales(young.databaseUrl);
      return postAll(young, requestsOf(each));
    },
    rounds,
    maxRatio: 1.2,
    operations: TILLS * each,
  });
}

async function saving(context: BenchContext, rounds: number): Promise<Result> {
  const sales = context.quick ? 200 : 1_000;
  const folder = await context.folder();
  let round = 0;
  return await compare({
    id: 'B14',
    what: `p99 of ${sales} sales, each from its payment until it is saved / ${SAVE_BOUND_MS} ms`,
    product: async () => {
      const times = await saveTimes(join(folder, `till-${round++}`), sales);
      context.log(
        `B14 a sale is saved in ${times.p50Ms.toFixed(1)} ms (p50), ${times.p99Ms.toFixed(1)} ms (p99); a bare commit takes ${times.bareP50Ms.toFixed(1)} and ${times.bareP99Ms.toFixed(1)} ms`,
      );
      return times.p99Ms;
    },
    floor: () => Promise.resolve(SAVE_BOUND_MS),
    rounds,
    maxRatio: 1,
  });
}

/** A till's request: its headers, and its body. */
interface Request {
  readonly terminalId: string;
  readonly body: string;
}

function newSales(count: number): readonly Sale[] {
  const run = runName(randomBytes(RUN_BYTES));
  return Array.from({ length: count }, (_, index) => {
    return soldAs({ id: saleIdOf(run, index + 1), receiptNumber: String(index + 1) });
  });
}

/** Each till's requests, in their order. */
function requestsOf(each: number): readonly (readonly Request[])[] {
  return Array.from({ length: TILLS }, () => {
    const terminalId = crypto.randomUUID();
    const sales = newSales(each);
    return batchesOf(sales).map((batch) => ({ terminalId, body: JSON.stringify({ sales: batch }) }));
  });
}

function batchesOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / BATCH) }, (_, index) =>
    all.slice(index * BATCH, (index + 1) * BATCH),
  );
}

/** All tills at once, each one request after the other. */
function postAll(backend: ForkedBackend, tills: readonly (readonly Request[])[]): Promise<number> {
  return timed(() =>
    Promise.all(
      tills.map(async (requests) => {
        for (const { terminalId, body } of requests) {
          const answer = await answered(() =>
            fetch(backend.url + SALES_PATH, {
              method: 'POST',
              headers: {
                [LICENSE_KEY_HEADER]: LICENSE,
                [TERMINAL_ID_HEADER]: terminalId,
                'idempotency-key': createHash('sha256').update(body).digest('base64url'),
                'content-type': 'application/json',
              },
              body,
            }),
          );
          const { results } = salesAnswerSchema.parse(await answer.json());
          if (results.some(({ outcome }) => outcome !== 'accepted'))
            throw new Error('a sale was not accepted');
        }
      }),
    ),
  );
}

/** What a backend with too much to do turns away comes again, as a till's does, and counts as time. */
async function answered(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    await answer.text();
    await pause(100);
  }
}

async function sendAll(backend: ForkedBackend, folder: string, each: number): Promise<number> {
  const outboxes = Array.from({ length: TILLS }, (_, index) =>
    openOutbox({
      folder: join(folder, `till-${index}`),
      licenseKey: LICENSE,
      backendUrl: backend.url,
      sales: each,
    }),
  );
  try {
    return await timed(() => Promise.all(outboxes.map((outbox) => outbox.send())));
  } finally {
    await Promise.all(outboxes.map((outbox) => outbox.stop()));
  }
}

async function backendWithLicense(context: BenchContext): Promise<ForkedBackend> {
  // Twenty tills at one address, as fast as they can.
  const backend = await forkBenchBackend(context, { TILLCAST_RATE_LIMITS: 'off' });
  await backend.admin(ADMIN_PATHS.licenses, { key: LICENSE });
  return backend;
}

/** What is inserted of a till's batch, as columns. */
type Columns = readonly (readonly unknown[])[];
interface Batch {
  readonly terminalId: string;
  readonly columns: Columns;
}

function rowsOf(each: number): readonly (readonly Batch[])[] {
  return Array.from({ length: TILLS }, () => {
    const terminalId = crypto.randomUUID();
    return batchesOf(newSales(each)).map((batch) => {
      const bodies = batch.map((sale) => JSON.stringify(sale));
      const columns = [
        batch.map(({ id }) => id),
        batch.map(({ kind }) => kind),
        batch.map(({ sold_at: soldAt }) => soldAt),
        batch.map(({ currency }) => currency),
        batch.map(({ total }) => Math.round(total * 100)),
        batch.map(({ tax }) => Math.round(tax * 100)),
        bodies,
        bodies.map((body) => createHash('sha256').update(body).digest('hex')),
      ];
      return { terminalId, columns };
    });
  });
}

interface Floor extends AsyncDisposable {
  readonly insertAll: (tills: readonly (readonly Batch[])[]) => Promise<number>;
}

/** The bare table, with as many connections as a backend has. */
async function startFloor(context: BenchContext): Promise<Floor> {
  await using stack = new AsyncDisposableStack();
  const database = stack.adopt(await createDatabase(context.postgres.url), (made) => made.drop());
  const clients: Client[] = [];
  for (let index = 0; index < 10; index += 1) {
    const client = stack.adopt(new Client({ connectionString: database.url }), (each) => each.end());
    await client.connect();
    clients.push(client);
  }
  await clients[0]?.query(`CREATE TABLE sales (license_id integer, terminal_id uuid, sale_id text, kind text,
    sold_at timestamptz, received_at timestamptz, currency text, total_minor bigint, tax_minor bigint, body text,
    body_hash text, PRIMARY KEY (license_id, terminal_id, sale_id))`);
  await clients[0]?.query('CREATE INDEX sales_by_time ON sales (license_id, sold_at)');
  const insert = (client: Client, { terminalId, columns }: Batch): Promise<unknown> =>
    client.query({
      name: 'insert',
      text: `INSERT INTO sales SELECT 1, $1::uuid, sale_id, kind, sold_at, now(), currency, total_minor, tax_minor, body, body_hash
        FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::text[])
        AS g (sale_id, kind, sold_at, currency, total_minor, tax_minor, body, body_hash) ON CONFLICT DO NOTHING`,
      values: [terminalId, ...columns],
    });
  const kept = stack.move();
  return {
    insertAll: (tills) => {
      const waiting = tills.values();
      return timed(() =>
        Promise.all(
          clients.map(async (client) => {
            for (const batches of waiting) for (const batch of batches) await insert(client, batch);
          }),
        ),
      );
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function inDatabase<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A history of sales of other tills of the license. */
function fill(url: string, sales: number): Promise<unknown> {
  const [sample] = newSales(1);
  const body = JSON.stringify(sample);
  return inDatabase(url, async (client) => {
    await client.query(
      `INSERT INTO sales (license_id, terminal_id, sale_id, kind, sold_at, received_at, currency, total_minor, tax_minor, body, body_hash)
      SELECT l.id, md5((n / 1000)::text)::uuid, '00000000-' || n, 'sale', now() - n * interval '1 minute', now(), 'GBP', 1410, 235, $2, repeat('0', 64)
      FROM licenses l, generate_series(1, $3::integer) n WHERE l.key = $1`,
      [LICENSE, body, sales],
    );
    await client.query('VACUUM ANALYZE sales');
  });
}

function emptySales(url: string): Promise<unknown> {
  return inDatabase(url, (client) => client.query('TRUNCATE sales'));
}

/** Exactly once, or what was measured was something else. */
async function expectSales(url: string, atLeast: number): Promise<void> {
  const rows = await inDatabase(url, async (client) => {
    const found = await client.query<{ rows: string; ids: string }>(
      'SELECT count(*) AS rows, count(DISTINCT (terminal_id, sale_id)) AS ids FROM sales',
    );
    return found.rows[0];
  });
  if (Number(rows?.rows) !== atLeast || Number(rows?.ids) !== atLeast) {
    throw new Error(`Of ${atLeast} sales ${rows?.rows} are there, ${rows?.ids} of them different.`);
  }
}
