import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage, type Till } from '../running-till.ts';
import { add, Page } from './page.ts';

let stage: Stage;
let till: Till;
let page: Page;

beforeAll(async () => {
  stage = await Stage.set();
  till = await stage.openLiveTill();
  page = await Page.open(till.url);
});
afterAll(async () => {
  await till.stop();
  await stage[Symbol.asyncDispose]();
});

/** Starts the till anew, as after a power cut, and opens its page again. */
async function restart(): Promise<void> {
  await till.stop();
  till = await stage.openTill();
  page = await Page.open(till.url);
}

test('[U20] a sale is in the list, with its receipt, and its order is open no more', async () => {
  const order = await page.edit(add('B', 2));
  expect(order).toMatchObject({ totals: { total: 4, lines: [{ unit: 2, total: 4 }] } });
  const sold = await page.sell(order);
  expect(sold).toMatchObject({ sale: { total: 4, receipt_number: '1', kind: 'sale' } });
  expect((await page.ask('GET', 'orders')).body).toEqual({ orders: [] });
  const { body } = await page.ask('GET', 'sales?limit=1');
  expect(body).toMatchObject({ sales: [{ sale: { id: sold.sale.id } }] });
  expect((await page.ask('GET', `sales/${sold.sale.id}`)).body).toMatchObject({
    sale: { lines: [{ name: 'Product B' }] },
  });
  expect(await till.state()).toMatchObject({ unsent_sales: 1 });
});

test('[P6] [U24] while a sale waits the till does not say that it is live, and says why', async () => {
  await page.sell(await page.edit(add('A')));
  await till.reaches({ status: 'catching_up', reason: 'Sales are on their way to the server.' });
});

test('[U20] after a restart the same orders are open, and the screen is what it was', async () => {
  const order = await page.edit(add('C', 3));
  await page.ask('PUT', 'screen', { screen: { orderId: order.order.id, place: { is: 'pay' } } });
  await restart();
  expect((await page.ask('GET', 'orders')).body).toEqual({ orders: [order] });
  expect((await page.ask('GET', 'screen')).body).toEqual({
    screen: { orderId: order.order.id, place: { is: 'pay' } },
  });
  await page.sell(order);
});

test('two pages do not undo each other: who comes second is told, and nothing is changed', async () => {
  const order = await page.edit(add('A'));
  const other = await Page.open(till.url);
  const after = await other.edit(add('B'), order);
  const said = await page.ask('PUT', `orders/${order.order.id}`, {
    revision: order.order.revision,
    edit: add('C'),
  });
  expect(said).toMatchObject({ status: 409, body: { code: 'order_changed' } });
  expect((await page.ask('GET', 'orders')).body).toEqual({ orders: [after] });
  const paid = await page.ask('POST', 'sales', {
    order_id: order.order.id,
    revision: order.order.revision,
    payments: [{ method: 'cash', amount: 1 }],
  });
  expect(paid).toMatchObject({ status: 409, body: { code: 'order_changed' } });
  await page.sell(after);
});

test('an order on a table stays open without a line, and is let go of with the table', async () => {
  const order = await page.edit({ edit: 'table', table_id: 'T4' });
  expect((await page.ask('GET', 'orders')).body).toMatchObject({ orders: [{ order: { table_id: 'T4' } }] });
  await page.edit({ edit: 'table', table_id: null }, order);
  expect((await page.ask('GET', 'orders')).body).toEqual({ orders: [] });
});

test('[U4] a line keeps its price when the product’s changes, and the next one has the new price', async () => {
  const order = await page.edit(add('A'));
  const { version } = stage.catalog.cursor;
  await stage.publish(stage.catalog.setPrice('A', 9));
  await till.reaches(stage.catalog.cursor);
  const after = await page.edit(add('A'), order);
  expect(after.order.lines).toMatchObject([
    { unit_price: 1, price_read_at: { version } },
    { unit_price: 9, price_read_at: { version: version + 1 } },
  ]);
  expect((await page.sell(after)).sale.total).toBe(10);
});

test('[U2] a receipt is given back once, line by line, and the till works out the amount', async () => {
  const { sale } = await page.sell(await page.edit(add('B', 3)));
  const giveBack = (quantity: number): ReturnType<Page['ask']> =>
    page.ask('POST', 'refunds', {
      sale_id: sale.id,
      lines: [{ index: 0, quantity }],
      payments: [{ method: 'cash' }],
    });
  expect(await giveBack(1)).toMatchObject({ status: 200, body: { sale: { kind: 'refund', total: 2 } } });
  expect(await giveBack(3)).toMatchObject({ status: 409, body: { code: 'refund_invalid' } });
  expect(await giveBack(2)).toMatchObject({ body: { sale: { total: 4, refund_of: sale.id } } });
});

test.each([
  [
    'a product that there is not',
    'PUT',
    'orders/ID',
    { revision: 0, edit: add('NONE') },
    404,
    'item_not_found',
  ],
  [
    'a negative quantity',
    'PUT',
    'orders/ID',
    { revision: 0, edit: { ...add('A'), quantity: -1 } },
    400,
    'request_invalid',
  ],
  [
    'a price of the page’s own',
    'PUT',
    'orders/ID',
    { revision: 0, edit: { ...add('A'), price: 0 } },
    400,
    'request_invalid',
  ],
  ['an order that is none', 'PUT', 'orders/4', { revision: 0, edit: add('A') }, 400, 'request_invalid'],
  ['an order that is gone', 'PUT', 'orders/ID', { revision: 7, edit: add('A') }, 404, 'order_not_found'],
  [
    'a payment for nothing',
    'POST',
    'sales',
    { order_id: 'ID', revision: 0, payments: [] },
    404,
    'order_not_found',
  ],
  ['a sale that there is not', 'GET', 'sales/77777777-1', undefined, 404, 'sale_not_found'],
  ['a sale number that is none', 'GET', 'sales/..%2f..', undefined, 404, 'sale_not_found'],
  ['a retry of what was not rejected', 'POST', 'sales/77777777-1/retry', {}, 404, 'sale_not_found'],
  ['a list without an end', 'GET', 'sales?limit=100000', undefined, 400, 'request_invalid'],
  ['a screen of megabytes', 'PUT', 'screen', { screen: { a: 'x'.repeat(20_000) } }, 413, 'request_too_large'],
  ['a PIN that is no number', 'POST', 'session/sign-in', { pin: '12x4' }, 400, 'request_invalid'],
])('[U5] %s is refused with a code and words', async (_what, method, path, body, status, code) => {
  const id = crypto.randomUUID();
  const filled =
    body === undefined ? undefined : (JSON.parse(JSON.stringify(body).replace('"ID"', `"${id}"`)) as unknown);
  const said = await page.ask(method, path.replace('ID', id), filled);
  expect(said).toMatchObject({ status, body: { code } });
  expect(said.body.detail).toMatch(/^.{10,}/);
});
