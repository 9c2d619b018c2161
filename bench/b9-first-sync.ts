import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ADMIN_PATHS, IMPORT_MEDIA_TYPE } from '@tillcast/protocol/http/admin-api';
import { LICENSE_KEY_HEADER, SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { catalogLines } from './lib/backend.ts';
import type { BenchContext, Benchmark } from './lib/benchmark.ts';
import { startChild } from './lib/child.ts';
import { cpuTimeMs } from './lib/cpu-time.ts';
import { type ForkedBackend, forkBenchBackend } from './lib/forked-backend.ts';
import { compare, type Result, timed } from './lib/measure.ts';
import { openTillStore, tillClient } from './lib/till.ts';

const TILLS = 20;
const FILE_SERVER: URL = new URL('./lib/file-process.ts', import.meta.url);

/**
 * B9: a till's first synchronization, from the question to a committed catalog whose digest was compared, against
 * a file of the same rows, compressed, that a bare server sends and a bare SQLite takes in one transaction. And what
 * one more till costs backend and database in CPU time, against that server.
 *
 * Traps: the backend has made its answer before the clock starts, as it has for the second till of any license;
 * what the first one costs is B10's and one read. The floor neither checks nor hashes a row.
 */
export const b9: Benchmark = {
  id: 'B9',
  title: 'first synchronization, to a verified digest',
  run: async (context) => {
    const folder = await context.folder();
    await using backend = await forkBenchBackend(context, { TILLCAST_RATE_LIMITS: 'off' });
    const results: Result[] = [];
    for (const items of context.quick ? [2_000, 10_000] : [10_000, 100_000]) {
      results.push(await firstSync(folder, backend, items, context.quick ? 3 : 5));
    }
    const [few, many] = results;
    results.push(await oneMore(context, backend, many?.operations ?? 0));
    const perRow = (result: Result | undefined): number =>
      (result?.productMs.median ?? NaN) / (result?.operations ?? NaN);
    context.log(
      `B9 slope: a row of ${many?.operations} / a row of ${few?.operations} = ${(perRow(many) / perRow(few)).toFixed(2)} (linear: 1)`,
    );
    return results;
  },
};

async function firstSync(
  folder: string,
  backend: ForkedBackend,
  items: number,
  rounds: number,
): Promise<Result> {
  const licenseKey: LicenseKey = parseLicenseKey(`BENCH-FIRST-${items}`);
  await backend.admin(ADMIN_PATHS.licenses, { key: licenseKey });
  await backend.post(ADMIN_PATHS.import(licenseKey), IMPORT_MEDIA_TYPE, catalogLines(items));
  const client = tillClient(backend.url, licenseKey);
  let round = 0;
  const product = async (): Promise<number> => {
    using store = openTillStore(join(folder, `first-${items}-${round++}.sqlite`), licenseKey);
    return await timed(async () => {
      const pulled = await client.pullSnapshot(new AbortController().signal);
      if (pulled.outcome !== 'answered') throw new Error(`the snapshot was ${pulled.outcome}`);
      const { outcome } = store.replaceAll(pulled.answer.rows, pulled.answer.to, () => []);
      if (outcome !== 'applied') throw new Error(`the snapshot was not applied: ${outcome}`);
    });
  };
  await using file = await startChild(FILE_SERVER, [String(items)]);
  return await compare({
    id: 'B9',
    what: `${items} rows: first sync to a verified digest / a file of them into a bare SQLite`,
    product,
    floor: () => timed(() => bare(file.url, join(folder, `bare-${items}-${round++}.sqlite`))),
    rounds,
    maxRatio: 2,
    operations: items,
  });
}

async function oneMore(context: BenchContext, backend: ForkedBackend, items: number): Promise<Result> {
  await using file = await startChild(FILE_SERVER, [String(items)]);
  const fetched = async (
    url: string,
    headers: Record<string, string>,
    pids: readonly number[],
  ): Promise<number> => {
    const used = (): number => pids.reduce((sum, pid) => sum + cpuTimeMs(pid), 0);
    const before = used();
    for (let till = 0; till < TILLS; till += 1) {
      const answer = await fetch(url, { headers: { 'accept-encoding': 'gzip', ...headers } });
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      await answer.arrayBuffer();
    }
    return (used() - before) / TILLS;
  };
  const license = { [LICENSE_KEY_HEADER]: `BENCH-FIRST-${items}` };
  return await compare({
    id: 'B9',
    what: `${items} rows for one more till: CPU time of backend and database / of a bare server of a file`,
    product: () => fetched(backend.url + SYNC_PATHS.fullData, license, [backend.pid, context.postgres.pid]),
    floor: () => fetched(file.url, {}, [file.pid]),
    rounds: context.quick ? 3 : 5,
    maxRatio: 2,
    unit: 'ms CPU',
  });
}

async function bare(url: string, path: string): Promise<void> {
  const answer: unknown = await (await fetch(url)).json();
  const { products } = answer as { readonly products: readonly { readonly id: string }[] };
  using db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE items (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id)) STRICT; BEGIN`);
  const insert = db.prepare("INSERT INTO items VALUES ('product', ?, ?)");
  for (const product of products) insert.run(product.id, JSON.stringify(product));
  db.exec('COMMIT');
}
