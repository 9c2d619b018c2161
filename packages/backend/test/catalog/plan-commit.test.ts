import { rowDigest } from '@tillcast/protocol/digest';
import { expect, test } from 'vitest';
import { messageOf } from '../../src/catalog/message-of.ts';
import { type ItemRow, itemRef, planCommit } from '../../src/catalog/plan-commit.ts';
import { operationPointer, prepareOperations } from '../../src/catalog/prepare.ts';
import { product, remove, setPrice } from '../contract/fixture.ts';

const options = { bad: 'fail', pointerOf: operationPointer } as const;
const NOTHING = '0000000000000000';

test('[W3] fields of a product that this program does not know outlive a price change', () => {
  const body = '{"id":"P1","name":"Tea","price":1,"currency":"GBP","from_the_future":{"a":[1]}}';
  const row: ItemRow = { kind: 'product', id: 'P1', body, digest: rowDigest('product', 'P1', body) };
  const stored = new Map([[itemRef('product', 'P1'), row]]);
  const operations = prepareOperations([setPrice('P1', 2.5)]);
  const plan = planCommit(stored, row.digest ?? '', operations, options);
  const priced = body.replace('"price":1', '"price":2.5');
  expect(plan.rows).toEqual([
    { kind: 'product', id: 'P1', body: priced, digest: rowDigest('product', 'P1', priced) },
  ]);
  expect(plan).toMatchObject({ digest: plan.rows[0]?.digest, liveItemsAdded: 0, unchanged: 0 });
  expect(messageOf(operations, plan.rows)).toEqual({
    type: 'price_update',
    payload: '{"product_id":"P1","product_name":"Tea","new_price":2.5,"currency":"GBP"}',
  });
});

test('[D2] deleting what was put takes its number out of the sum again', () => {
  const put = planCommit(new Map(), NOTHING, prepareOperations([product('P1'), product('P2')]), options);
  const stored = new Map(put.rows.map((row) => [itemRef(row.kind, row.id), row]));
  const operations = prepareOperations([remove('product', 'P1'), remove('product', 'P2')]);
  expect(planCommit(stored, put.digest, operations, options)).toMatchObject({
    digest: NOTHING,
    liveItemsAdded: -2,
  });
});

test('[C3] a tombstone stays as it is when its item is deleted again', () => {
  const stored = new Map([
    [itemRef('product', 'P1'), { kind: 'product', id: 'P1', body: null, digest: null } as const],
  ]);
  const plan = planCommit(stored, NOTHING, prepareOperations([remove('product', 'P1')]), options);
  expect(plan).toMatchObject({ rows: [], unchanged: 1, digest: NOTHING });
});

test('items of two kinds with one id are two items', () => {
  const operations = prepareOperations([
    product('X'),
    { op: 'put', kind: 'table', item: { id: 'X', name: 'T' } },
  ]);
  expect(planCommit(new Map(), NOTHING, operations, options).rows).toHaveLength(2);
});
