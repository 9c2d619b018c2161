import { DatabaseSync } from 'node:sqlite';
import type { Cursor } from '@tillcast/protocol/cursor';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import type { Row } from '@tillcast/protocol/items/item';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { scanContent } from '../src/store/scan-content.ts';
import { TillStore } from '../src/store/till-store.ts';
import { product } from './model-catalog.ts';
import { tempFolder } from './temp-folder.ts';

const ROWS: readonly Row[] = [product('A', 1), product('B', 2), product('C', 3)];
const AT: Cursor = { epoch: 'epoch00001', version: 7, digest: digestOf(ROWS) };
const silent = (): [] => [];
const never = new AbortController().signal;
const atOnce = async (): Promise<void> => undefined;

function digestOf(rows: readonly Row[]): string {
  const sum = new DigestSum();
  for (const { kind, id, body } of rows) sum.add(rowDigest(kind, id, body ?? ''));
  return sum.toString();
}

function open(path: string): TillStore {
  return new TillStore({
    path,
    licenseKey: parseLicenseKey('EXTRO-LIFE-ABC123'),
    onSetAside: ({ reason }) => expect.unreachable(reason),
  });
}

/** A file with the rows, in which a statement then changes what no commit changed. */
function damaged(path: string, sql: string): void {
  const store = open(path);
  store.replaceAll(ROWS, AT, silent);
  store.close();
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

const bodiesOf = (...rows: readonly Row[]): (string | null)[] => rows.map(({ body }) => body);
const [A, B, C] = ROWS as [Row, Row, Row];

test.each([
  [
    'a text that changed',
    `update items set body = replace(body, '2', '9') where id = 'B'`,
    bodiesOf(A, C),
    [B],
  ],
  ['a text that is none any more', `update items set body = 'x' where id = 'B'`, bodiesOf(A, C), [B]],
  ['a row that is gone', `delete from items where id = 'B'`, bodiesOf(A, C), [B]],
  ['all rows gone', 'delete from items', [], ROWS],
  [
    'a row that nobody sent',
    `insert into items select kind, 'X', body, digest from items where id = 'B'`,
    bodiesOf(A, B, C),
    [{ kind: 'product', id: 'X', body: null }],
  ],
  [
    'a row of another name',
    `update items set id = 'X' where id = 'B'`,
    bodiesOf(A, C),
    [B, { kind: 'product', id: 'X', body: null }],
  ],
  [
    'a number that changed',
    `update items set digest = '0000000000000000' where id = 'B'`,
    bodiesOf(A, C),
    [],
  ],
  [
    'a number that is none any more',
    `update items set digest = replace(hex(zeroblob(8)), '0', 'z') where id = 'B'`,
    bodiesOf(A, C),
    [B],
  ],
] as const)('[T9] %s is found at the start, not shown, and mended', async (_what, sql, shown, mending) => {
  using folder = tempFolder();
  const path = folder.file('catalog.sqlite');
  damaged(path, sql);
  using store = open(path);
  expect(store.isSuspect).toBe(true);
  expect(store.cursor).toEqual(AT);
  expect(store.bodies('product')).toEqual(shown);

  expect(store.applyRepair([product('Z', 1)], AT, silent).outcome).toBe('digest');
  expect(store.isSuspect).toBe(true);
  const to = { ...AT, version: 9 };
  expect(store.applyRepair(mending, to, silent).outcome).toBe('applied');
  expect(store).toMatchObject({ isSuspect: false, cursor: to, counts: { product: 3 } });
  expect(store.bodies('product')).toEqual(bodiesOf(A, B, C));
  expect(await scanContent(store, atOnce, never)).toMatchObject({ digest: AT.digest, wrong: 0 });
  store.close();
  using again = open(path);
  expect(again).toMatchObject({ isSuspect: false, cursor: to });
});

test('[T9] the whole catalog mends too, and a change on top of a doubtful text does not hide it', () => {
  using folder = tempFolder();
  const path = folder.file('catalog.sqlite');
  damaged(path, `update items set body = replace(body, 'Product', 'Prodigy') where id = 'B'`);
  using store = open(path);
  const price = { edit: 'price', productId: 'B', price: 5, currency: 'GBP' } as const;
  expect(store.applyEdits([price], AT, silent)).toEqual({ outcome: 'digest', found: null });
  expect(store.replaceAll(ROWS, AT, silent).outcome).toBe('applied');
  expect(store.isSuspect).toBe(false);
  expect(store.bodies('product')).toEqual(bodiesOf(A, B, C));
});

test('[T9] a reading that a commit interrupts comes to nothing, since it would be of two contents', async () => {
  using folder = tempFolder();
  using store = open(folder.file('catalog.sqlite'));
  const many = Array.from({ length: 2_500 }, (_, index) => product(`P${index}`, 1));
  store.replaceAll(many, { ...AT, digest: digestOf(many) }, silent);
  const whole = await scanContent(store, atOnce, never);
  expect(whole).toMatchObject({ digest: digestOf(many), wrong: 0, rows: { length: 2_500 } });
  const meanwhile = async (): Promise<void> => {
    store.replaceAll(ROWS, AT, silent);
  };
  expect(await scanContent(store, meanwhile, never)).toBeNull();
});
