import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Cursor } from '@tillcast/protocol/cursor';
import { DigestSum, EMPTY_DIGEST, rowDigest } from '@tillcast/protocol/digest';
import { TillcastError } from '@tillcast/protocol/errors';
import type { Row } from '@tillcast/protocol/items/item';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { ACTIVITY_MAX, type NewActivity } from '../src/store/activity-table.ts';
import type { SetAside } from '../src/store/open-catalog.ts';
import { TillStore } from '../src/store/till-store.ts';
import { bigCatalog, damageTail } from './damage.ts';
import { product } from './model-catalog.ts';
import { tempFolder } from './temp-folder.ts';

const LICENSE = parseLicenseKey('EXTRO-LIFE-ABC123');
const silent = (): readonly NewActivity[] => [];

function open(path: string, setAside: SetAside[] = []): TillStore {
  return new TillStore({ path, licenseKey: LICENSE, onSetAside: (each) => setAside.push(each) });
}

function digestOf(rows: readonly Row[]): string {
  const sum = new DigestSum();
  for (const { kind, id, body } of rows) sum.add(rowDigest(kind, id, body ?? ''));
  return sum.toString();
}

const line = (summary: string): NewActivity => ({
  type: 'price_update',
  version: 1,
  summary,
  kind: 'product',
  item_id: 'P1',
  old_price: 1.5,
  new_price: 2,
  currency: 'GBP',
  committed_at: null,
  received_at: null,
  applied_at: '2026-01-01T00:00:00.000Z',
});

test('[P4] [R5] a target with another digest rolls everything back: rows, cursor and the activity log', () => {
  using folder = tempFolder();
  using store = open(folder.file('catalog.sqlite'));
  const outcome = store.applyRows(
    [product('A', 1)],
    { epoch: 'epoch00001', version: 1, digest: EMPTY_DIGEST },
    () => [line('never')],
  );
  expect(outcome).toMatchObject({ outcome: 'digest' });
  expect(store.cursor).toBeNull();
  expect(store.bodies('product')).toEqual([]);
  expect(store.activity(10)).toEqual([]);
});

test('what a commit touched is told with its old and its new text', () => {
  using folder = tempFolder();
  using store = open(folder.file('catalog.sqlite'));
  const [cheap, dear] = [product('A', 1), product('A', 2)];
  const at = (version: number, row: Row) => ({
    epoch: 'epoch00001',
    version,
    digest: rowDigest('product', 'A', row.body ?? ''),
  });
  store.replaceAll([cheap], at(1, cheap), silent);
  const outcome = store.applyEdits(
    [{ edit: 'price', productId: 'A', price: 2, currency: 'GBP' }],
    at(2, dear),
    silent,
  );
  expect(outcome).toMatchObject({
    change: {
      from: at(1, cheap),
      count: 1,
      complete: true,
      touched: [{ before: cheap.body, after: dear.body }],
    },
  });
});

test('the store is the same after it was closed and opened again', () => {
  using folder = tempFolder();
  const path = folder.file('catalog.sqlite');
  const row = product('A', 1);
  const target = { epoch: 'epoch00001', version: 7, digest: rowDigest('product', 'A', row.body ?? '') };
  {
    using store = open(path);
    store.replaceAll([row], target, () => [line('first')]);
  }
  const setAside: SetAside[] = [];
  using store = open(path, setAside);
  expect(setAside).toEqual([]);
  expect(store.cursor).toEqual(target);
  expect(store.bodies('product')).toEqual([row.body]);
  expect(store.activity(10)).toEqual([{ id: 1, ...line('first') }]);
});

test('a second process cannot open the same catalog', () => {
  using folder = tempFolder();
  using store = open(folder.file('catalog.sqlite'));
  expect(store.cursor).toBeNull();
  expect(() => open(folder.file('catalog.sqlite'))).toThrow(expect.objectContaining({ code: 'data_in_use' }));
});

test.each([
  [
    'no database at all',
    (path: string) =>
      writeFileSync(path, 'this is not a database, but long enough to be looked at'.repeat(50)),
  ],
  ["another program's database", (path: string) => withDatabase(path, (db) => db.exec('create table t (a)'))],
  [
    'of a newer schema',
    (path: string) => {
      open(path).close();
      withDatabase(path, (db) => db.exec('pragma user_version = 99'));
    },
  ],
  [
    "another license's",
    (path: string) => {
      open(path).close();
      withDatabase(path, (db) => db.exec("update meta set license_key = 'EXTRO-LIFE-XYZ789'"));
    },
  ],
])('[T4] a file that is %s is set aside and the catalog begins empty', (_what, damage) => {
  using folder = tempFolder();
  const path = folder.file('catalog.sqlite');
  damage(path);
  const setAside: SetAside[] = [];
  using store = open(path, setAside);
  expect(setAside).toHaveLength(1);
  expect(existsSync(setAside[0]?.renamedTo ?? '')).toBe(true);
  expect(store.cursor).toBeNull();
  expect(store.bodies('product')).toEqual([]);
  const row = product('A', 3);
  const target = { epoch: 'epoch00001', version: 1, digest: rowDigest('product', 'A', row.body ?? '') };
  expect(store.replaceAll([row], target, silent).outcome).toBe('applied');
});

test('[P4] [T4] a file that is damaged while it is open leaves no cursor behind, and no delta is put on nothing', () => {
  using folder = tempFolder();
  const path = folder.file('catalog.sqlite');
  const rows = bigCatalog();
  const at = (version: number, held: readonly Row[]): Cursor => ({
    epoch: 'epoch00001',
    version,
    digest: digestOf(held),
  });
  const first = open(path);
  first.replaceAll(rows, at(1, rows), silent);
  first.close();
  const setAside: SetAside[] = [];
  using store = open(path, setAside);
  let lost = 0;
  store.whenLost(() => {
    lost += 1;
  });
  damageTail(path);
  expect(() => store.bodies('product')).toThrow('could not be used');
  expect(setAside).toHaveLength(1);
  expect(lost).toBe(1);
  expect(store.cursor).toBeNull();
  expect(store.counts.product).toBe(0);
  const added = product('NEW', 1);
  expect(store.applyRows([added], at(2, [...rows, added]), silent)).toMatchObject({ outcome: 'digest' });
  expect(store.bodies('product')).toEqual([]);
});

test('only the newest files that were set aside are kept', () => {
  using folder = tempFolder();
  const path = folder.file('catalog.sqlite');
  for (let round = 0; round < 5; round += 1) {
    writeFileSync(path, `damaged ${round} `.repeat(500));
    open(path).close();
  }
  expect(readdirSync(folder.path).filter((name) => name.includes('set-aside')).length).toBeLessThanOrEqual(2);
});

test('a folder that cannot be written to is a clear error', () => {
  using folder = tempFolder();
  writeFileSync(folder.file('file'), '');
  const error = caught(() => open(folder.file('file/catalog.sqlite')));
  expect(error).toBeInstanceOf(TillcastError);
  expect(error).toMatchObject({ code: 'database_unavailable' });
});

test('the activity log keeps the newest lines only', () => {
  using folder = tempFolder();
  using store = open(folder.file('catalog.sqlite'));
  const lines = Array.from({ length: ACTIVITY_MAX + 20 }, (_, index) => line(`line ${index}`));
  store.applyRows([], { epoch: 'epoch00001', version: 1, digest: EMPTY_DIGEST }, () => lines);
  expect(store.activity(10_000)).toHaveLength(ACTIVITY_MAX);
  expect(store.activity(1)[0]?.summary).toBe(`line ${ACTIVITY_MAX + 19}`);
});

test('[T6] a broadcast is kept once, and until it expires', () => {
  using folder = tempFolder();
  using store = open(folder.file('catalog.sqlite'));
  const notice = {
    id: 'n1',
    message: 'Closing early',
    severity: 'info',
    sent_at: '2026-01-01T10:00:00.000Z',
    expires_at: '2026-01-01T12:00:00.000Z',
  } as const;
  expect(store.addNotice(notice, line('notice'))).not.toBeNull();
  expect(store.addNotice(notice, line('notice'))).toBeNull();
  expect(store.activity(10)).toHaveLength(1);
  expect(store.notices('2026-01-01T11:59:59.999Z')).toEqual([notice]);
  expect(store.notices('2026-01-01T12:00:00.000Z')).toEqual([]);
});

test('[N2] a notice that has ended is remembered until it is forgotten, and not kept as a new one', () => {
  using folder = tempFolder();
  using store = open(folder.file('catalog.sqlite'));
  const notice = {
    id: 'n1',
    message: 'Closing early',
    severity: 'info',
    sent_at: '2026-01-01T10:00:00.000Z',
    expires_at: '2026-01-01T12:00:00.000Z',
  } as const;
  store.addNotice(notice, line('notice'));
  expect(store.notices('2026-01-02T00:00:00.000Z')).toEqual([]);
  expect(store.noticeIds(50)).toEqual(['n1']);
  store.forgetNotices('2026-01-01T11:59:59.999Z');
  expect(store.addNotice(notice, line('notice'))).toBeNull();
  store.forgetNotices('2026-01-01T12:00:00.000Z');
  expect(store.noticeIds(50)).toEqual([]);
});

function withDatabase(path: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(path);
  work(db);
  db.close();
}

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
