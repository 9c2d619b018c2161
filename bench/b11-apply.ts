import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Cursor } from '@tillcast/protocol/cursor';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { withPrice } from '@tillcast/protocol/items/item';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import type { Edit } from '@tillcast/protocol/messages/edits';
import { productOf } from './lib/backend.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { compare, type Result, timed } from './lib/measure.ts';
import { openTillStore } from './lib/till.ts';

const ITEMS = 10_000;
const LICENSE = parseLicenseKey('BENCH-APPLY-ONE');
const NO_LINES = (): readonly never[] => [];

/**
 * B11: a till that applies price changes one by one, each in a transaction of its own with its version and after
 * the comparison of its digest, as messages come; against the same statements of SQLite, bare.
 *
 * Traps: the digests are computed before the clock starts, as the server does it; the floor is not told what was
 * there before, but reads it, since a new price keeps the rest of the text.
 */
export const b11: Benchmark = {
  id: 'B11',
  title: 'a till that applies changes',
  run: async (context) => {
    const folder = await context.folder();
    const results: Result[] = [];
    for (const changes of context.quick ? [500, 2_000] : [1_000, 10_000]) {
      results.push(await applying(folder, changes, context.quick ? 3 : 5));
    }
    const [few, many] = results;
    const perChange = (result: Result | undefined): number =>
      (result?.productMs.median ?? NaN) / (result?.operations ?? NaN);
    context.log(
      `B11 slope: one of ${many?.operations} / one of ${few?.operations} = ${(perChange(many) / perChange(few)).toFixed(2)} (linear: 1)`,
    );
    return results;
  },
};

interface PriceChange {
  readonly id: string;
  readonly price: number;
  readonly target: Cursor;
}

async function applying(folder: string, changes: number, rounds: number): Promise<Result> {
  const bodies = new Map(
    Array.from({ length: ITEMS }, (_, index) => {
      const item = productOf(index, 1.5);
      return [String(item['id']), JSON.stringify(item)] as const;
    }),
  );
  const sum = new DigestSum();
  for (const [id, body] of bodies) sum.add(rowDigest('product', id, body));
  const start: Cursor = { epoch: 'benchepoch', version: 1, digest: sum.toString() };
  const rows = [...bodies].map(([id, body]) => ({ kind: 'product', id, body }) as const);
  const planned = plan(bodies, sum, changes);
  let round = 0;
  const product = async (): Promise<number> => {
    using store = openTillStore(join(folder, `till-${changes}-${round++}.sqlite`), LICENSE);
    store.replaceAll(rows, start, NO_LINES);
    return await timed(() => {
      for (const { id, price, target } of planned) {
        const edit: Edit = { edit: 'price', productId: id, price, currency: 'GBP' };
        const { outcome } = store.applyEdits([edit], target, NO_LINES);
        if (outcome !== 'applied') throw new Error(`a change was not applied: ${outcome}`);
      }
    });
  };
  return compare({
    id: 'B11',
    what: `${changes} price changes, one by one, in a catalog of ${ITEMS}: till / the same statements, bare`,
    product,
    floor: () => bare(join(folder, `bare-${changes}-${round++}.sqlite`), rows, planned),
    rounds,
    maxRatio: 1.67,
    operations: changes,
  });
}

function plan(
  bodies: ReadonlyMap<string, string>,
  start: DigestSum,
  changes: number,
): readonly PriceChange[] {
  const now = new Map(bodies);
  const sum = new DigestSum(start.toString());
  return Array.from({ length: changes }, (_, index) => {
    const id = String(productOf((index * 7) % ITEMS, 1)['id']);
    const price = (index + 2) / 100;
    const before = now.get(id) ?? '';
    const after = withPrice(before, price, 'GBP');
    sum.subtract(rowDigest('product', id, before)).add(rowDigest('product', id, after));
    now.set(id, after);
    return { id, price, target: { epoch: 'benchepoch', version: index + 2, digest: sum.toString() } };
  });
}

async function bare(
  path: string,
  rows: readonly { readonly id: string; readonly body: string }[],
  changes: readonly PriceChange[],
): Promise<number> {
  using db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE items (kind TEXT, id TEXT, body TEXT, digest TEXT, PRIMARY KEY (kind, id)) STRICT;
    CREATE TABLE meta (version INTEGER, digest TEXT) STRICT; INSERT INTO meta VALUES (1, '');
    BEGIN`);
  const insert = db.prepare("INSERT INTO items VALUES ('product', ?, ?, '0123456789abcdef')");
  for (const { id, body } of rows) insert.run(id, body);
  db.exec('COMMIT');
  const find = db.prepare("SELECT rowid, body FROM items WHERE kind = 'product' AND id = ?");
  const update = db.prepare('UPDATE items SET body = ?, digest = ? WHERE rowid = ?');
  const meta = db.prepare('UPDATE meta SET version = ?, digest = ?');
  return await timed(() => {
    for (const { id, price, target } of changes) {
      db.exec('BEGIN IMMEDIATE');
      const found = find.get(id);
      update.run(withPrice(String(found?.['body']), price, 'GBP'), target.digest, Number(found?.['rowid']));
      meta.run(target.version, target.digest);
      db.exec('COMMIT');
    }
  });
}
