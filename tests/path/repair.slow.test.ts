import { setTimeout } from 'node:timers/promises';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { putProduct } from '../../packages/backend/test/http/test-app.ts';
import { bySql, flipByte, type RottingTill, RottingTills } from '../support/rotting-till.ts';

const PRODUCTS = 50_000;

let tills: RottingTills;
beforeAll(async () => {
  tills = await RottingTills.set(PRODUCTS);
}, 180_000);
afterAll(() => tills[Symbol.asyncDispose]());

/** What the server has, by its own account and row by row. */
async function holdsAll(till: RottingTill): Promise<void> {
  const full = (await tills.app.sync(SYNC_PATHS.fullData)).json<{
    digest: string;
    products: { id: string }[];
  }>();
  expect(till.store.cursor?.digest).toBe(full.digest);
  const bodies = till.store.bodies('product');
  expect(bodies).toHaveLength(full.products.length);
  const theirs = new Map(full.products.map((product) => [product.id, JSON.stringify(product)]));
  const differing = bodies.filter((body) => theirs.get((JSON.parse(body) as { id: string }).id) !== body);
  expect(differing).toEqual([]);
  expect(till.setAside).toEqual([]);
}

describe('of 50,000 rows', () => {
  test('[T9] [T10] [R12] one flipped byte is found at the start and mended by three requests and one row', async () => {
    const path = tills.file((file) => flipByte(file, 'P012345'));
    await using till = tills.open(path);
    expect(till.status).not.toBe('live');
    expect(till.store.bodies('product')).toHaveLength(PRODUCTS - 1);
    await till.isMended();
    await holdsAll(till);
    expect(till.requests.slice(0, 3)).toEqual([SYNC_PATHS.digests, SYNC_PATHS.rowDigests, SYNC_PATHS.rows]);
    // What comes besides is the delta that follows an attachment.
    expect(till.requests.length).toBeLessThan(20);
    expect(till.asked.rows).toBe(1);
    expect(till.countAsked(SYNC_PATHS.fullData)).toBe(0);
  });

  test('[T9] a byte that flips under a till that runs is found while it idles, and mended', async () => {
    const path = tills.file(() => undefined);
    await using till = tills.open(path);
    await till.isMended();
    expect(till.requests.filter((asked) => asked !== SYNC_PATHS.changes)).toEqual([]);
    flipByte(path, 'P040000');
    const statuses: string[] = [];
    while (till.counters.of('mended') === 0) {
      await setTimeout(2);
      if (till.counters.of('scrub_differs') > till.counters.of('mended')) statuses.push(till.status);
    }
    expect(statuses).not.toContain('live');
    await till.isMended();
    await holdsAll(till);
    expect(till.asked.rows).toBe(1);
    expect(till.countAsked(SYNC_PATHS.fullData)).toBe(0);
    expect(till.counters.of('scrub_differs')).toBe(1);
  });

  test('[T10] wrong texts, missing, added and renamed rows and changed numbers are mended together', async () => {
    const path = tills.file((file) => {
      for (const id of ['P000001', 'P025000', 'P049999']) flipByte(file, id);
      bySql(
        file,
        `delete from items where id in ('P000500', 'P000501');
         insert into items select kind, 'X1', body, digest from items where id = 'P000600';
         insert into items select 'table', id, body, digest from items where id = 'P000601';
         update items set id = 'X2' where id = 'P000700';
         update items set digest = '0123456789abcdef' where id = 'P000800';`,
      );
    });
    await using till = tills.open(path);
    await till.isMended();
    await holdsAll(till);
    expect(till.store.counts).toMatchObject({ product: PRODUCTS, table: 0 });
    expect(till.asked.rows).toBe(6);
    expect(till.requests.length).toBeLessThan(20);
    expect(till.countAsked(SYNC_PATHS.fullData)).toBe(0);
  });

  test('[T10] where most is lost, all is asked for', async () => {
    const path = tills.file((file) => bySql(file, `delete from items where id > 'P001000'`));
    await using till = tills.open(path);
    await till.isMended();
    await holdsAll(till);
    expect(till.countAsked(SYNC_PATHS.rowDigests)).toBe(0);
    expect(till.countAsked(SYNC_PATHS.fullData)).toBe(1);
  });

  test.each([
    [
      'sums that do not come to the digest',
      SYNC_PATHS.digests,
      { sums: Array.from({ length: 256 }, () => '0'.repeat(16)) },
    ],
    ['no sums', SYNC_PATHS.digests, { sums: [] }],
    ['another license', SYNC_PATHS.digests, { license_key: 'EXTRO-LIFE-XYZ789' }],
    ['rows of no bucket', SYNC_PATHS.rowDigests, { rows: [] }],
    ['another version', SYNC_PATHS.rowDigests, { version: 99 }],
    ['no rows', SYNC_PATHS.rows, { rows: [] }],
    [
      'another row than was asked for',
      SYNC_PATHS.rows,
      { rows: [{ kind: 'product', id: 'P000001', item: { id: 'P000001', name: 'Evil' } }] },
    ],
  ])('[T10] a server that answers with %s is asked for the snapshot', async (_what, at, odd) => {
    const path = tills.file((file) => flipByte(file, 'P012345'));
    await using till = tills.open(path, {
      distort: (asked, answer) => (asked === at ? { ...(answer as object), ...odd } : answer),
    });
    await till.isMended();
    await holdsAll(till);
    expect(till.countAsked(SYNC_PATHS.fullData)).toBe(1);
  });
});

test('[T10] a catalog that goes on changing is asked about again, and what came meanwhile comes with it', async () => {
  const path = tills.file((file) => flipByte(file, 'P012345'));
  let price = 10;
  await using till = tills.open(path, {
    before: async (asked) => {
      if (asked === SYNC_PATHS.rowDigests && price < 12)
        await tills.app.commit(putProduct('P000042', (price += 1)));
    },
  });
  await till.isMended();
  await holdsAll(till);
  expect(till.countAsked(SYNC_PATHS.digests)).toBe(3);
  expect(till.asked.rows).toBe(2);
  expect(till.requests.length).toBeLessThan(20);
  expect(till.countAsked(SYNC_PATHS.fullData)).toBe(0);
});

test('[T10] a catalog that never holds still is asked for whole', async () => {
  const path = tills.file((file) => flipByte(file, 'P012345'));
  let price = 20;
  await using till = tills.open(path, {
    before: async (asked) => {
      if (asked === SYNC_PATHS.rowDigests) await tills.app.commit(putProduct('P000043', (price += 1)));
    },
  });
  await till.isMended();
  await holdsAll(till);
  expect(till.countAsked(SYNC_PATHS.fullData)).toBe(1);
  expect(till.requests.length).toBeLessThan(20);
});
