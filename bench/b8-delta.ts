import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cursor } from '@tillcast/protocol/cursor';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { type BenchBackend, catalogLines, priceLines, productOf, startBenchBackend } from './lib/backend.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { compare, type Result, timed } from './lib/measure.ts';
import { portOf } from './lib/port.ts';
import { openTillStore, tillClient } from './lib/till.ts';

/** What opening a file leaves to be collected is no part of a delta. */
const SETTLE_MS = 20;

/**
 * B8: a till that is behind asks for the delta and commits it: PostgreSQL to HTTP to SQLite, checked by
 * schema and digest, against SQLite to HTTP to SQLite with nothing of ours (one query, JSON, one upsert a
 * row in one transaction, uncompressed).
 *
 * Traps: every round begins with the same till file, copied and opened a while before the clock starts; the backend may keep
 * the delta it made for the round before, as it does for a thousand tills that ask the same. Till and backend have
 * been running for a while, and so has the floor (uncounted rounds before).
 */
export const b8: Benchmark = {
  id: 'B8',
  title: 'delta of 0 to 10,000 changes in catalogs of 1,000 to 100,000',
  run: async (context) => {
    const results: Result[] = [];
    const catalogs = context.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000];
    await using backend = await startBenchBackend(context);
    for (const items of catalogs) {
      for (const changes of [0, 1, 100, 10_000].filter((count) => count <= items)) {
        const size = { items, changes, ...roundsOf(items, changes, context.quick) };
        results.push(await deltaOf(size, backend, await context.folder()));
      }
    }
    const oneIn = (items: number): number => medianOf(results, `1 of ${items}:`);
    const largest = catalogs.at(-1) ?? 0;
    context.log(
      `B8 slope: t(1 of ${largest}) / t(1 of 1000) = ${(oneIn(largest) / oneIn(1_000)).toFixed(2)} (goal: at most 1.2)`,
    );
    return results;
  },
};

interface Size {
  readonly items: number;
  readonly changes: number;
  readonly rounds: number;
  readonly warmUps: number;
}

/** Opening a till's file with 100,000 rows takes half a second, so the code is warmed up with small ones. */
function roundsOf(items: number, changes: number, quick: boolean): Pick<Size, 'rounds' | 'warmUps'> {
  if (changes > 100) return { rounds: quick ? 3 : 7, warmUps: 2 };
  return { rounds: quick ? 9 : 15, warmUps: items > 1_000 ? 2 : 40 };
}

function medianOf(results: readonly Result[], start: string): number {
  return results.find(({ what }) => what.startsWith(start))?.productMs.median ?? NaN;
}

async function deltaOf(
  { items, changes, rounds, warmUps }: Size,
  backend: BenchBackend,
  folder: string,
): Promise<Result> {
  const licenseKey = parseLicenseKey(`BENCH-DELTA-${items}-${changes}`);
  await backend.admin(ADMIN_PATHS.licenses, { key: licenseKey });
  await backend.importOperations(licenseKey, catalogLines(items));
  const original = join(folder, 'original.sqlite');
  const since = await firstSync(original, licenseKey, backend.url);
  if (changes > 0) await backend.importOperations(licenseKey, priceLines(changes, 9.5));

  const never = new AbortController().signal;
  const client = tillClient(backend.url, licenseKey);
  let round = 0;
  const product = async (): Promise<number> => {
    const path = join(folder, `till-${round++}.sqlite`);
    await copyFile(original, path);
    using store = openTillStore(path, licenseKey);
    await pause(SETTLE_MS);
    return await timed(async () => {
      const pulled = await client.pullDelta(since, never);
      if (pulled.outcome !== 'answered') throw new Error(`the delta was ${pulled.outcome}`);
      const { outcome } = store.applyRows(pulled.answer.rows, pulled.answer.to, () => []);
      if (outcome !== 'applied' || pulled.answer.rows.length !== changes)
        throw new Error(`the delta was not applied: ${outcome}`);
    });
  };
  const server = await startBareServer(changes);
  const bare = bareTill(join(folder, 'bare.sqlite'), items);
  const url = `http://127.0.0.1:${portOf(server)}/`;
  try {
    const what = `${changes} of ${items}: delta asked for and committed / bare SQLite to HTTP to SQLite`;
    return await compare({
      id: 'B8',
      what,
      product,
      floor: () => pause(SETTLE_MS).then(() => timed(() => bare.sync(url))),
      rounds,
      warmUps,
      maxRatio: 2,
      operations: changes,
    });
  } finally {
    bare.close();
    server.close();
    server.closeAllConnections();
  }
}

async function firstSync(path: string, licenseKey: LicenseKey, url: string): Promise<Cursor> {
  using store = openTillStore(path, licenseKey);
  const pulled = await tillClient(url, licenseKey).pullSnapshot(new AbortController().signal);
  if (pulled.outcome !== 'answered') throw new Error(`the snapshot was ${pulled.outcome}`);
  const { outcome } = store.replaceAll(pulled.answer.rows, pulled.answer.to, () => []);
  if (outcome !== 'applied') throw new Error(`the snapshot was not applied: ${outcome}`);
  return pulled.answer.to;
}

async function startBareServer(changes: number): Promise<Server> {
  const db = new DatabaseSync(':memory:');
  db.exec(
    'CREATE TABLE items (id TEXT PRIMARY KEY, version INTEGER, body TEXT) WITHOUT ROWID; CREATE INDEX v ON items (version)',
  );
  const insert = db.prepare('INSERT INTO items VALUES (?, 2, ?)');
  for (let index = 0; index < changes; index++)
    insert.run(String(productOf(index, 9.5)['id']), JSON.stringify(productOf(index, 9.5)));
  const select = db.prepare('SELECT id, body FROM items WHERE version > 1');
  const server = createServer((_, response) => {
    const rows = select.all().map(({ id, body }) => `{"id":${JSON.stringify(id)},"item":${String(body)}}`);
    response.setHeader('content-type', 'application/json');
    response.end(`{"changes":[${rows.join(',')}]}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function bareTill(
  path: string,
  items: number,
): { readonly sync: (url: string) => Promise<void>; readonly close: () => void } {
  const db = new DatabaseSync(path);
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE items (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID',
  );
  const upsert = db.prepare(
    'INSERT INTO items VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
  );
  db.exec('BEGIN');
  for (let index = 0; index < items; index++)
    upsert.run(String(productOf(index, 1.5)['id']), JSON.stringify(productOf(index, 1.5)));
  db.exec('COMMIT');
  return {
    sync: async (url) => {
      const answer: unknown = await (await fetch(url)).json();
      const { changes } = answer as {
        readonly changes: readonly { readonly id: string; readonly item: unknown }[];
      };
      db.exec('BEGIN');
      for (const { id, item } of changes) upsert.run(id, JSON.stringify(item));
      db.exec('COMMIT');
    },
    close: () => db.close(),
  };
}
