import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf } from '@tillcast/protocol/routing';
import { z } from 'zod';
import { productOf } from './lib/backend.ts';
import type { BenchContext, Benchmark } from './lib/benchmark.ts';
import { Arrivals, consume, type FanOut, natsFanOut, rawFanOut, socketIoFanOut } from './lib/fan-out.ts';
import { type ForkedBackend, forkBenchBackend } from './lib/forked-backend.ts';
import { compare, type Result, timed } from './lib/measure.ts';
import { inParallel } from './lib/parallel.ts';
import { type BenchTill, startBenchTill } from './lib/till.ts';

const LICENSE = parseLicenseKey('BENCH-FAN-OUT');
const REAL_TILLS = 10;
const AT_ONCE = 50;
const MAX_RATIO = 1.3;
/** A price update's, with its signature. */
const MESSAGE_BYTES = 560;

const versionSchema = z.object({ version: z.int() });

/**
 * B4: one price change, from the request until the last of 1,000 queues has it and ten real tills have committed
 * it; a broadcast likewise; against one bare publish to as many queues of their own, each bound once, where ten
 * receivers commit it in a SQLite file of their own too. And the same against a room of Socket.IO (from a request to
 * its server) and a subject of NATS (from a publish), each server a process of its own.
 *
 * Traps: a thousand real tills in one process would measure that process, and each till has a machine of its own;
 * so 990 of the queues, declared and bound as a till's are, are read by this process, which counts. It counts all
 * the others' too. Request, commit and relay are in the product's time and not in the floor's (B1 has them); Socket.IO
 * and NATS keep nothing either. All receivers are connected throughout, a thousand of each at once.
 */
export const b4: Benchmark = {
  id: 'B4',
  title: 'one change to a thousand tills',
  run: async (context) => {
    const tills = context.quick ? 200 : 1_000;
    const body = Buffer.alloc(MESSAGE_BYTES, 'x');
    await using stack = new AsyncDisposableStack();
    const product = stack.use(await startProduct(context, tills));
    const commits = await bareCommits(context, stack);
    const raw = stack.use(await rawFanOut(context, tills, body, commits));
    const shared = {
      id: 'B4',
      rounds: context.quick ? 7 : 15,
      warmUps: 5,
      maxRatio: MAX_RATIO,
      operations: tills,
    };
    const change = `one change, request to the last of ${tills} tills`;
    const against = (what: string, floor: FanOut, side = product.change): Promise<Result> =>
      compare({ ...shared, what, product: side, floor: floor.once });
    const results = [
      await against(`${change} / one bare publish to ${tills} queues, ten commits`, raw),
      await against(
        `one broadcast, request to the last of ${tills} queues / one bare publish, ten commits`,
        raw,
        product.broadcast,
      ),
    ];
    const socketIo = stack.use(await socketIoFanOut(tills, body));
    results.push(await against(`${change} / a room of Socket.IO with ${tills}`, socketIo));
    const nats = await natsFanOut(tills, body);
    if (nats === null) context.log('B4: there is no nats-server here, so it is not compared with.');
    else results.push(await against(`${change} / a subject of NATS with ${tills}`, stack.use(nats)));
    return results;
  },
};

interface Product extends AsyncDisposable {
  readonly change: () => Promise<number>;
  readonly broadcast: () => Promise<number>;
}

async function startProduct(context: BenchContext, tills: number): Promise<Product> {
  await using stack = new AsyncDisposableStack();
  const backend = stack.use(await forkBenchBackend(context, { TILLCAST_RATE_LIMITS: 'off' }));
  await backend.admin(ADMIN_PATHS.licenses, { key: LICENSE });
  await backend.admin(ADMIN_PATHS.changes(LICENSE), {
    operations: [{ op: 'put', kind: 'product', item: productOf(0, 1) }],
  });
  const real: BenchTill[] = [];
  for (let index = 0; index < REAL_TILLS; index += 1) {
    const options = { licenseKey: LICENSE, backendUrl: backend.url, amqpUrl: context.amqpUrl };
    real.push(stack.use(await startBenchTill({ ...options, folder: await context.folder() })));
  }
  await Promise.all(real.map((till) => till.committed(1)));
  const arrivals = new Arrivals(tills - REAL_TILLS);
  const queues = await inParallel(AT_ONCE, Array.from({ length: tills - REAL_TILLS }), () =>
    consume(context.amqpUrl, bindingsOf(LICENSE), () => arrivals.arrived()),
  );
  for (const queue of queues) stack.use(queue);
  const kept = stack.move();
  return {
    change: changing(backend, arrivals, real),
    broadcast: () =>
      timed(async () => {
        const all = arrivals.nextEverywhere();
        await backend.admin(ADMIN_PATHS.broadcasts, {
          type: 'system_notice',
          message: 'For everyone',
          severity: 'info',
          expires_in_s: 60,
        });
        await all;
      }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function changing(
  backend: ForkedBackend,
  arrivals: Arrivals,
  real: readonly BenchTill[],
): () => Promise<number> {
  let price = 1;
  return () =>
    timed(async () => {
      price += 1;
      const all = arrivals.nextEverywhere();
      const answer = await backend.admin(ADMIN_PATHS.changes(LICENSE), {
        operations: [{ op: 'set_price', product_id: productOf(0, 1)['id'], price: price / 100 }],
      });
      const { version } = versionSchema.parse(answer);
      await Promise.all([all, ...real.map((till) => till.committed(version))]);
    });
}

/** One SQLite commit in a file of its own, for each of as many receivers as there are real tills. */
async function bareCommits(
  context: BenchContext,
  stack: AsyncDisposableStack,
): Promise<readonly (() => void)[]> {
  const body = JSON.stringify(productOf(0, 1));
  const commits: (() => void)[] = [];
  for (let index = 0; index < REAL_TILLS; index += 1) {
    const db = stack.use(new DatabaseSync(join(await context.folder(), 'bare.sqlite')));
    db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE changes (id INTEGER PRIMARY KEY, body TEXT)',
    );
    const insert = db.prepare('INSERT INTO changes (body) VALUES (?)');
    commits.push(() => void insert.run(body));
  }
  return commits;
}
