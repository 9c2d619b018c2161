import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { openSales, type SalesSetAside, unsentSalesIn } from '../../src/sales/open-sales.ts';
import { SalesFile } from '../../src/sales/sales-file.ts';
import { AT, giveBack, OWNER, openSold, sell, sellOrder, teas, tillFolder } from './sold.ts';

test('[U20] what was saved is there after the next start, in order, and its order is open no more', () => {
  using folder = tillFolder();
  const order = teas(2);
  {
    using sales = openSold(folder.file);
    sales.keepOrder(order, null);
    sell(sales);
    const sale = sellOrder(sales, order);
    expect(sale).toMatchObject({ total: 4.7, receipt_number: '2' });
    expect(sales.order(order.id)).toBeNull();
  }
  using again = openSold(folder.file);
  expect(again.waitingSales(10).map(({ sale }) => sale.total)).toEqual([2.35, 4.7]);
  expect(again.newestSales(Number.MAX_SAFE_INTEGER, 1)).toMatchObject([{ counter: 2, state: 'saved' }]);
  expect(again.countUnsent()).toEqual({ waiting: 2, rejected: 0, oldestSavedAt: AT });
});

test('[U20] a sale and the end of its order are one: an order that was paid, or changed, is not paid again', () => {
  using folder = tillFolder();
  using sales = openSold(folder.file);
  const order = teas(1);
  sales.keepOrder(order, null);
  sales.keepOrder({ ...order, revision: 2 }, 1);
  expect(() => sellOrder(sales, order)).toThrow(expect.objectContaining({ code: 'order_changed' }));
  sellOrder(sales, { ...order, revision: 2 });
  expect(() => sellOrder(sales, { ...order, revision: 2 })).toThrow(
    expect.objectContaining({ code: 'order_not_found' }),
  );
  expect(sales.countUnsent().waiting).toBe(1);
});

test('[U3] a copy of the file, and an old copy that was put back, give no sale an id that was used', () => {
  using folder = tillFolder();
  using clone = tillFolder();
  const ids: string[] = [];
  {
    using sales = openSold(folder.file);
    ids.push(sell(sales).id);
  }
  copyFileSync(folder.file, clone.file);
  for (const each of [folder, clone, folder]) {
    using sales = openSold(each.file);
    ids.push(sell(sales).id, sell(sales).id);
  }
  copyFileSync(clone.file, folder.file);
  for (const suffix of ['-wal', '-shm']) expect(existsSync(folder.file + suffix)).toBe(false);
  using restored = openSold(folder.file);
  ids.push(sell(restored).id);
  expect(new Set(ids).size).toBe(8);
});

test('[U21] on a full disk a sale is refused in words, nothing of it is kept, and with room it is saved', () => {
  using folder = tillFolder();
  const open = openSales(folder.file, OWNER, () => undefined);
  const sales = new SalesFile(open);
  try {
    const order = teas(1);
    sales.keepOrder(order, null);
    const pages = open.db.prepare('pragma page_count').get();
    open.db.exec(`pragma max_page_count = ${String(pages?.['page_count'])}`);
    let saved = 0;
    const fill = (): void => {
      for (;;) {
        sell(sales);
        saved += 1;
      }
    };
    expect(fill).toThrow(
      expect.objectContaining({
        code: 'till_disk_full',
        message: expect.stringMatching(/Nothing was saved/),
      }),
    );
    expect(sales.countUnsent().waiting).toBe(saved);
    const before = sales.orders().length;
    open.db.exec('pragma max_page_count = 100000');
    sellOrder(sales, order);
    expect(sales.countUnsent().waiting).toBe(saved + 1);
    expect(sales.orders().length).toBe(before - 1);
  } finally {
    sales.close();
  }
});

test('[U22] a damaged file is kept under another name, and what can be read of it goes on', () => {
  using folder = tillFolder();
  {
    using sales = openSold(folder.file);
    for (let count = 0; count < 200; count += 1) sell(sales);
    const [first] = sales.waitingSales(1);
    if (first !== undefined) sales.takeAnswers([{ id: first.sale.id, outcome: 'accepted' }], AT);
    sales.keepOrder(teas(3), null);
  }
  const bytes = readFileSync(folder.file);
  // A page in the midst of the sales.
  bytes.fill(0xa5, 4096 * 20, 4096 * 21);
  writeFileSync(folder.file, bytes);
  const setAside: SalesSetAside[] = [];
  {
    using sales = openSold(folder.file, OWNER, setAside);
    expect(setAside).toHaveLength(1);
    const [{ waiting, answered, orders, renamedTo } = {}] = setAside as Partial<SalesSetAside>[];
    expect(answered).toBe(1);
    expect(orders).toBe(1);
    expect(waiting).toBeGreaterThan(150);
    expect(sales.countUnsent().waiting).toBe(waiting);
    expect(statSync(String(renamedTo)).size).toBe(bytes.length);
    expect(sell(sales).receipt_number).toBe('201');
  }
  using again = openSold(folder.file, OWNER, setAside);
  expect(setAside).toHaveLength(1);
  expect(again.orders()).toHaveLength(1);
});

test.each([
  [
    'nothing of it can be read',
    (path: string) => writeFileSync(path, 'no database at all, and not empty either'),
  ],
  [
    'a sale in it is no sale',
    (path: string) => {
      const db = new DatabaseSync(path);
      db.exec("update sales set body = '{}' where counter = 2; update orders set body = 'x'");
      db.close();
    },
  ],
])('[U22] a file of which %s is set aside, and the till sells on', (_what, damage) => {
  using folder = tillFolder();
  {
    using sales = openSold(folder.file);
    for (let count = 0; count < 3; count += 1) sell(sales);
    sales.keepOrder(teas(1), null);
  }
  damage(folder.file);
  const setAside: SalesSetAside[] = [];
  {
    using sales = openSold(folder.file, OWNER, setAside);
    expect(setAside).toHaveLength(1);
    sell(sales);
  }
  using _again = openSold(folder.file, OWNER, setAside);
  expect(setAside).toHaveLength(1);
});

test('[U23] another terminal’s sales are not sent as one’s own: while some wait the till does not start, then they are kept aside', () => {
  using folder = tillFolder();
  const other = { ...OWNER, terminalId: '00000000-0000-4000-8000-000000000000' };
  const elsewhere = { ...OWNER, licenseKey: parseLicenseKey('EXTRO-LIFE-OTHER1') };
  {
    using sales = openSold(folder.file);
    sell(sales);
  }
  expect(unsentSalesIn(folder.path)).toBe(1);
  for (const owner of [other, elsewhere]) {
    expect(() => openSold(folder.file, owner)).toThrow(expect.objectContaining({ code: 'unsent_sales' }));
  }
  {
    using sales = openSold(folder.file);
    const [waiting] = sales.waitingSales(1);
    if (waiting !== undefined) sales.takeAnswers([{ id: waiting.sale.id, outcome: 'accepted' }], AT);
  }
  expect(unsentSalesIn(folder.path)).toBe(0);
  using sales = openSold(folder.file, other);
  expect(sales.newestSales(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  expect(readdirSync(folder.path).filter((name) => name.includes('.former-'))).toHaveLength(1);
});

test('[U24] a rejected sale waits no more, counts as not sent, and can be sent again', () => {
  using folder = tillFolder();
  using sales = openSold(folder.file);
  const [bad, good] = [sell(sales), sell(sales)];
  sales.takeAnswers(
    [
      { id: bad.id, outcome: 'rejected', code: 'sale_invalid', detail: 'Its sums do not hold.' },
      { id: good.id, outcome: 'accepted' },
    ],
    AT,
  );
  expect(sales.countUnsent()).toMatchObject({ waiting: 0, rejected: 1 });
  expect(unsentSalesIn(join(folder.path, 'nowhere'))).toBe(0);
  expect(sales.sale(bad.id)).toMatchObject({
    state: 'rejected',
    code: 'sale_invalid',
    detail: 'Its sums do not hold.',
  });
  sales.retry(bad.id);
  expect(sales.sale(bad.id)).toMatchObject({ state: 'saved', code: null, detail: null });
  expect(() => sales.retry(good.id)).toThrow(expect.objectContaining({ code: 'sale_not_found' }));
  // An answer for what does not wait changes nothing.
  sales.takeAnswers([{ id: good.id, outcome: 'rejected', code: 'sale_invalid', detail: '' }], AT);
  expect(sales.sale(good.id)).toMatchObject({ state: 'accepted' });
});

test('a refund knows those before it, and what is kept small comes back', () => {
  using folder = tillFolder();
  using sales = openSold(folder.file);
  const sale = sell(sales, 2);
  giveBack(sales, sale);
  giveBack(sales, sale);
  expect(() => giveBack(sales, sale)).toThrow(expect.objectContaining({ code: 'refund_invalid' }));
  expect(sales.refundsOf(sale.id)).toHaveLength(2);
  sales.keep('screen', '{"at":"tables"}');
  expect(sales.kept('screen')).toBe('{"at":"tables"}');
  sales.keep('screen', null);
  expect(sales.kept('screen')).toBeNull();
});
