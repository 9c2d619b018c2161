import { rowDigest } from '@tillcast/protocol/digest';
import { TillcastError } from '@tillcast/protocol/errors';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import type { Operation } from '@tillcast/protocol/operation';
import { expect, test } from 'vitest';
import { commit, commitPrepared } from '../../src/catalog/commit.ts';
import { prepareOperations } from '../../src/catalog/prepare.ts';
import { readHead } from '../../src/catalog/read-head.ts';
import { readKind } from '../../src/catalog/read-kind.ts';
import type { Database } from '../../src/database/database.ts';
import { findLicense } from '../../src/licenses/find-license.ts';
import { asOwner } from '../database/as-owner.ts';
import { messagesOf } from './change-log.ts';
import { context, digestOf, newLicense, product, remove, setPrice, snapshotOf } from './fixture.ts';

export function commitContract(database: () => Database): void {
  test('[C1] a commit writes rows, version, digest and change log together', async () => {
    const key = await newLicense(database());
    const result = await commit(database(), key, [product('P1', 3.6)], context);
    const { content, ...head } = await snapshotOf(database(), key);
    const body = content.get('product P1') ?? '';
    expect(head).toMatchObject({ version: 1, digest: rowDigest('product', 'P1', body) });
    expect(result).toMatchObject({ version: 1, digest: head.digest, type: 'product_update', changed: 1 });
    const [message] = await messagesOf(database(), key);
    expect(message).toMatchObject({ type: 'product_update', version: 1, digest: head.digest });
    expect(JSON.stringify(message?.payload)).toBe(body);
    expect(message?.timestamp).toBe(result.committed_at);
    expect(await findLicense(database(), key)).toMatchObject({ version: 1, items: 1, publishedVersion: 0 });
  });

  test('[C1] a commit whose last step fails leaves nothing of itself', async () => {
    const key = await newLicense(database());
    await commit(database(), key, [product('P1')], context);
    const before = await snapshotOf(database(), key);
    await asOwner(
      database(),
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''disk full''; END';
      CREATE TRIGGER refuse BEFORE INSERT ON changes FOR EACH ROW EXECUTE FUNCTION refuse()`,
    );
    const many = Array.from({ length: 700 }, (_, index) => product(`M${index}`));
    try {
      await expect(commit(database(), key, [product('P2')], context)).rejects.toThrow('disk full');
      await expect(commit(database(), key, many, context)).rejects.toThrow('disk full');
    } finally {
      await asOwner(database(), 'DROP TRIGGER refuse ON changes; DROP FUNCTION refuse');
    }
    expect(await snapshotOf(database(), key)).toEqual(before);
    expect(await messagesOf(database(), key)).toHaveLength(1);
    expect(await commit(database(), key, [product('P2')], context)).toMatchObject({ version: 2 });
  });

  test('[I2] a price change keeps all else of the product', async () => {
    const key = await newLicense(database());
    const full = product('P1', 3.6, { barcode: '501', tax_percent: 20, modifier_ids: ['M1'] });
    await commit(database(), key, [full], context);
    const before = JSON.parse((await snapshotOf(database(), key)).content.get('product P1') ?? '');
    const result = await commit(database(), key, [setPrice('P1', 2.95)], context);
    expect(result).toMatchObject({ type: 'price_update', version: 2, changed: 1 });
    const after = (await snapshotOf(database(), key)).content.get('product P1') ?? '';
    expect(after).toBe(JSON.stringify({ ...before, price: 2.95 }));
    const [, message] = await messagesOf(database(), key);
    expect(message?.payload).toEqual({
      product_id: 'P1',
      product_name: 'Product P1',
      new_price: 2.95,
      currency: 'GBP',
    });
  });

  test('[C3] what is already so uses no version', async () => {
    const key = await newLicense(database());
    await commit(database(), key, [product('P1', 3.6)], context);
    const head = await readHead(database(), key);
    const same = [product('P1', 3.6), setPrice('P1', 3.6), remove('table', 'never there')];
    for (const operations of [...same.map((each) => [each]), same]) {
      const result = await commit(database(), key, operations, context);
      expect(result).toMatchObject({ version: 1, type: null, changed: 0, committed_at: null });
    }
    expect(await readHead(database(), key)).toEqual(head);
    expect(await messagesOf(database(), key)).toHaveLength(1);
  });

  test('[C2] of several operations for one item the last one counts, each seeing those before', async () => {
    const key = await newLicense(database());
    const operations = [
      product('P1', 1),
      setPrice('P1', 2),
      product('P2', 5),
      remove('product', 'P2'),
      product('P3', 7),
      remove('product', 'P3'),
      product('P3', 8),
      setPrice('P3', 9),
    ];
    const result = await commit(database(), key, operations, context);
    expect(result).toMatchObject({ version: 1, type: 'catalog_update', changed: 2, unchanged: 1 });
    const { content } = await snapshotOf(database(), key);
    expect([...content.keys()]).toEqual(['product P1', 'product P3']);
    expect(content.get('product P1')).toContain('"price":2,');
    expect(content.get('product P3')).toContain('"price":9,');
    expect(await findLicense(database(), key)).toMatchObject({ items: 2 });
  });

  test('[W6] a change of one item has its own type', async () => {
    const key = await newLicense(database());
    const items: Operation[] = [
      { op: 'put', kind: 'category', item: { id: 'X', name: 'Hot' } },
      {
        op: 'put',
        kind: 'modifier',
        item: {
          id: 'X',
          name: 'Milk',
          currency: 'GBP',
          options: [{ id: 'o', name: 'Oat', price_delta: -0.4 }],
        },
      },
      product('X'),
      { op: 'put', kind: 'table', item: { id: 'X', name: 'T1' } },
      { op: 'put', kind: 'user', item: { id: 'X', name: 'Ann' } },
    ];
    for (const item of items) await commit(database(), key, [item], context);
    await commit(database(), key, [setPrice('X', 4), setPrice('X', 5)], context);
    for (const kind of ['category', 'modifier', 'product', 'table', 'user'] as const) {
      await commit(database(), key, [remove(kind, 'X'), remove(kind, 'never there')], context);
    }
    const messages = await messagesOf(database(), key);
    expect(messages.map(({ type }) => type)).toEqual([
      'category_update',
      'modifier_update',
      'product_update',
      'table_update',
      'user_update',
      'price_update',
      'category_delete',
      'modifier_delete',
      'product_delete',
      'table_delete',
      'user_delete',
    ]);
    expect(messages.at(-1)?.payload).toEqual({ id: 'X' });
    expect(await readHead(database(), key)).toMatchObject({ version: 11, digest: '0000000000000000' });
  });

  test('[W6] a change of many items carries its rows while it stays small, and none above', async () => {
    const key = await newLicense(database());
    const some = Array.from({ length: 50 }, (_, index) => product(`S${index}`));
    await commit(database(), key, [...some, remove('product', 'S1')], context);
    const many = Array.from({ length: 2_000 }, (_, index) => product(`M${index}`));
    expect(await commit(database(), key, many, context)).toMatchObject({ version: 2, changed: 2_000 });
    const [small, big] = await messagesOf(database(), key);
    expect(small).toMatchObject({ type: 'catalog_update', payload: { count: 49 } });
    expect(big?.payload).toEqual({ count: 2_000, rows: null });
    const { content, digest } = await snapshotOf(database(), key);
    expect(content.size).toBe(2_049);
    expect(digestOf(content)).toBe(digest);
  });

  test('[C4] bad operations change nothing and each is named by its pointer', async () => {
    const key = await newLicense(database());
    await commit(database(), key, [product('P1', 1)], context);
    const before = await snapshotOf(database(), key);
    const bad: [Operation[], string, string[]][] = [
      [
        [product('P2'), product('P3', -1), product('P4', 1, { name: '' })],
        'item_invalid',
        ['/operations/1/item/price', '/operations/2/item/name'],
      ],
      [[product('P2'), setPrice('P1', 1.234, 'GBP')], 'price_invalid', ['/operations/1/price']],
      [[product('P2'), setPrice('P1', 1.234)], 'price_invalid', ['/operations/1/price']],
      [[product('P2'), setPrice('P1', Number.NaN)], 'price_invalid', ['/operations/1/price']],
      [[product('P2'), setPrice('P1', -1)], 'price_invalid', ['/operations/1/price']],
      [[product('P2'), setPrice('P1', 1, 'XXL')], 'currency_unknown', ['/operations/1/currency']],
      [
        [product('P2'), setPrice('NO', 1), setPrice('NONE', 1)],
        'item_not_found',
        ['/operations/1/product_id', '/operations/2/product_id'],
      ],
      [[remove('product', 'P1'), setPrice('P1', 5)], 'item_not_found', ['/operations/1/product_id']],
    ];
    for (const [operations, code, pointers] of bad) {
      const error: unknown = await commit(database(), key, operations, context).catch(
        (each: unknown) => each,
      );
      if (!(error instanceof TillcastError)) throw error;
      expect(error.code).toBe(code);
      expect([...new Set(error.details.map(({ pointer }) => pointer))]).toEqual(pointers);
    }
    expect(await snapshotOf(database(), key)).toEqual(before);
    expect(await messagesOf(database(), key)).toHaveLength(1);
  });

  test('[A2] where bad operations may be skipped, the others are done and the bad ones told of', async () => {
    const key = await newLicense(database());
    const operations = prepareOperations([product('P1'), setPrice('NO', 2), setPrice('P1', 0.001)]);
    const pointerOf = (index: number): string => `line ${index + 1}`;
    const done = await commitPrepared(database(), key, operations, { ...context, bad: 'skip', pointerOf });
    expect(done.result).toMatchObject({ version: 1, changed: 1 });
    expect(done.rejected).toMatchObject([
      { index: 1, detail: { pointer: 'line 2/product_id' } },
      { index: 2, detail: { pointer: 'line 3/price' } },
    ]);
  });

  test('[P1] a commit to one license is nowhere in another', async () => {
    const [one, other] = [await newLicense(database()), await newLicense(database())];
    await commit(database(), one, [product('SAME', 1)], context);
    await commit(database(), other, [product('SAME', 2)], context);
    await commit(database(), one, [remove('product', 'SAME')], context);
    expect((await snapshotOf(database(), one)).content.size).toBe(0);
    const { content, version } = await snapshotOf(database(), other);
    expect(version).toBe(1);
    expect(content.get('product SAME')).toContain('"price":2,');
  });

  test('a commit to a license that is not there is refused', async () => {
    const key = parseLicenseKey('NOBODY-HAS-THIS');
    const many = Array.from({ length: 600 }, (_, index) => product(`M${index}`));
    for (const operations of [[product('P1')], many]) {
      await expect(commit(database(), key, operations, context)).rejects.toMatchObject({
        code: 'license_not_found',
      });
    }
  });

  test('[S3] a list has the whole catalog’s digest and one kind’s items, ordered by id', async () => {
    const key = await newLicense(database());
    await commit(database(), key, [product('b'), product('B'), product('a'), product('é')], context);
    await commit(database(), key, [{ op: 'put', kind: 'table', item: { id: '1', name: 'T1' } }], context);
    const products = await readKind(database(), key, 'product');
    const ids = (JSON.parse(products.list) as { id: string }[]).map(({ id }) => id);
    expect(ids).toEqual(['B', 'a', 'b', 'é']);
    expect(products).toMatchObject(await readHead(database(), key));
    expect((await readKind(database(), key, 'user')).list).toBe('[]');
  });
}
