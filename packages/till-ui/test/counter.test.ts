import { signal } from '@preact/signals';
import { afterEach, expect, test } from 'vitest';
import { type Catalog, catalogOf } from '../src/catalog/catalog.ts';
import { type Counter, startCounter } from '../src/counter/counter.ts';
import type { CounterApi } from '../src/counter/counter-api.ts';
import { touchedLine } from '../src/counter/order-edits.ts';
import { EMPTY_SCREEN, readScreen, type Screen } from '../src/counter/place.ts';
import type { OpenOrder, OrderEdit, OrderLine, SaleRow } from '../src/counter/shapes.ts';
import { en } from '../src/i18n/en.ts';
import { Refusal } from '../src/server/refusal.ts';

const catalog: Catalog = catalogOf({
  category: [],
  modifier: [
    {
      id: 'milk',
      name: 'Milk',
      currency: 'GBP',
      max_choices: 1,
      options: [{ id: 'oat', name: 'Oat', price_delta: 0.4 }],
    },
    {
      id: 'bread',
      name: 'Bread',
      currency: 'GBP',
      min_choices: 1,
      max_choices: 1,
      options: [
        { id: 'rye', name: 'Rye' },
        { id: 'white', name: 'White' },
      ],
    },
  ],
  product: [
    { id: 'FW', name: 'Flat white', price: 3.4, currency: 'GBP', modifier_ids: ['milk'] },
    { id: 'BUN', name: 'Bun', price: 2, currency: 'GBP' },
    { id: 'TOAST', name: 'Toast', price: 4, currency: 'GBP', modifier_ids: ['bread'] },
  ],
  table: [{ id: 'T1', name: 'Terrace 1' }],
  user: [],
});

/** A till's program in a few lines: it keeps orders as the real one does, or refuses what it is told to. */
function program(kept: Screen = EMPTY_SCREEN, orders: readonly OpenOrder[] = []) {
  const box = {
    orders: new Map(orders.map((order) => [order.id, order] as const)),
    edits: [] as OrderEdit[],
    sold: 0,
    refuse: null as Refusal | null,
    screen: kept,
  };
  const lineOf = (edit: Extract<OrderEdit, { edit: 'add' }>): OrderLine => ({
    line_id: `line-${box.edits.length}`,
    product_id: edit.product_id,
    name: edit.product_id,
    quantity: edit.quantity,
    unit_price: 1,
    modifiers: edit.modifiers.map((choice) => ({ ...choice, name: choice.option_id, price_delta: 0 })),
    note: null,
    discount: null,
  });
  const after = (lines: readonly OrderLine[], edit: OrderEdit): readonly OrderLine[] => {
    if (edit.edit === 'add') {
      const added = lineOf(edit);
      const alike = (line: OrderLine): boolean =>
        line.product_id === added.product_id &&
        JSON.stringify(line.modifiers) === JSON.stringify(added.modifiers);
      return lines.some(alike)
        ? lines.map((line) => (alike(line) ? { ...line, quantity: line.quantity + 1 } : line))
        : [...lines, added];
    }
    if (edit.edit === 'quantity') {
      return lines.map((line) =>
        line.line_id === edit.line_id ? { ...line, quantity: edit.quantity } : line,
      );
    }
    if (edit.edit === 'modifiers') {
      const modifiers = edit.modifiers.map((choice) => ({
        ...choice,
        name: choice.option_id,
        price_delta: 0,
      }));
      return lines.map((line) => (line.line_id === edit.line_id ? { ...line, modifiers } : line));
    }
    return lines;
  };
  const row = (id: string): SaleRow => ({
    sale: {
      id,
      kind: 'sale',
      receipt_number: id,
      sold_at: '2026-03-01T12:00:00.000Z',
      currency: 'GBP',
      staff_name: null,
      table_id: null,
      lines: [],
      discount: 0,
      tax: 0,
      total: 1,
      payments: [],
      refund_of: null,
    },
    state: 'saved',
    code: null,
    detail: null,
  });
  const api: CounterApi = {
    setup: async () => ({ state: 'done', server: null }),
    activate: async () => ({ state: 'done', server: null }),
    session: async () => ({ csrf: 'c', staff: null, staff_required: false }),
    signIn: async () => {
      throw new Refusal('pin_wrong', 401, 'That PIN is not right.', null);
    },
    signOut: async () => {
      throw new Refusal('unsent_sales', 409, 'Sales wait to be sent.', null);
    },
    orders: async () => [...box.orders.values()],
    edit: async (orderId, revision, edit) => {
      if (box.refuse !== null) throw box.refuse;
      const before = box.orders.get(orderId);
      if (before !== undefined && before.revision !== revision) {
        throw new Refusal('order_changed', 409, 'The order was changed meanwhile.', null);
      }
      box.edits.push(edit);
      const order: OpenOrder = {
        id: orderId,
        revision: revision + 1,
        table_id: edit.edit === 'table' ? edit.table_id : (before?.table_id ?? null),
        discount: null,
        opened_at: '2026-03-01T12:00:00.000Z',
        currency: 'GBP',
        lines: after(before?.lines ?? [], edit),
        totals: { lines: [], discount: 0, tax: 0, total: 1 },
      };
      box.orders.set(orderId, order);
      return order;
    },
    screen: async () => box.screen,
    keepScreen: async (screen) => {
      box.screen = screen;
    },
    sell: async (orderId) => {
      box.orders.delete(orderId);
      box.sold += 1;
      return row(`sale-${box.sold}`);
    },
    refund: async () => row('refund-1'),
    sales: async () => ({ rows: [], next: null }),
    sale: async (id) => row(id),
    retry: async (id) => row(id),
    exportSales: async () => ({ file: 'export.bin', count: 1 }),
  };
  const counter = startCounter({
    api,
    catalog: signal(catalog),
    clock: { monotonicMs: () => 0, wallMs: () => 0, after: () => () => undefined },
    report: () => undefined,
  });
  return { counter, box };
}

let running: Counter | null = null;
afterEach(() => running?.stop());

/** Lets all that is under way come to its end: nothing here waits for time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
}

async function open(...given: Parameters<typeof program>) {
  const parts = program(...given);
  running = parts.counter;
  await settle();
  expect(parts.counter.ready.value).toBe(true);
  return parts;
}

const lines = (counter: Counter): readonly string[] =>
  (counter.order.value?.lines ?? []).map(
    ({ product_id, quantity, modifiers }) =>
      `${quantity} ${[product_id, ...modifiers.map(({ option_id }) => option_id)].join(' ')}`,
  );

test('a tap puts a product into the order, its options beside it, and a tap on an option changes that line', async () => {
  const { counter } = await open();
  counter.tap('FW');
  await settle();
  expect(lines(counter)).toEqual(['1 FW']);
  expect(counter.place.value).toMatchObject({ is: 'options', productId: 'FW' });
  counter.choose([{ modifier_id: 'milk', option_id: 'oat' }]);
  await settle();
  expect(lines(counter)).toEqual(['1 FW oat']);
});

test('an option for one more of the same is for that one alone', async () => {
  const { counter } = await open();
  counter.tap('FW');
  counter.tap('FW');
  counter.choose([{ modifier_id: 'milk', option_id: 'oat' }]);
  await settle();
  expect(lines(counter)).toEqual(['2 FW']);
  counter.choose([{ modifier_id: 'milk', option_id: 'oat' }]);
  await settle();
  expect(lines(counter)).toEqual(['1 FW', '1 FW oat']);
});

test('what lacks a choice is in no order until it is chosen, and Pay never sells it without', async () => {
  const { counter, box } = await open();
  counter.tap('TOAST');
  await settle();
  expect(box.edits).toEqual([]);
  counter.choose([{ modifier_id: 'bread', option_id: 'rye' }]);
  await settle();
  expect(lines(counter)).toEqual(['1 TOAST rye']);
});

test('taps that come faster than their answers are each done once, in their order', async () => {
  const { counter } = await open();
  for (let tap = 0; tap < 5; tap += 1) counter.tap('BUN');
  await settle();
  expect(lines(counter)).toEqual(['5 BUN']);
});

test('an order that was changed on another page is read anew, and the tap is not lost', async () => {
  const { counter, box } = await open();
  counter.tap('BUN');
  await settle();
  const [order] = box.orders.values();
  if (order === undefined) throw new Error('no order');
  box.orders.set(order.id, { ...order, revision: order.revision + 3 });
  counter.tap('BUN');
  await settle();
  expect(lines(counter)).toEqual(['2 BUN']);
  expect(counter.trouble.value).toBeNull();
});

test('what the till refuses is told in its words, and goes with the next thing that works', async () => {
  const { counter, box } = await open();
  box.refuse = new Refusal('till_disk_full', 507, 'The disk of this till is full.', null);
  counter.tap('BUN');
  await settle();
  expect(counter.trouble.value).toBe(en.errors.till_disk_full);
  box.refuse = null;
  counter.tap('BUN');
  await settle();
  expect(counter.trouble.value).toBeNull();
  expect(lines(counter)).toEqual(['1 BUN']);
});

test('[P5] a button that is pressed twice sells once', async () => {
  const { counter, box } = await open();
  counter.tap('BUN');
  await settle();
  counter.pay({ method: 'cash', amount: 1 });
  counter.pay({ method: 'cash', amount: 1 });
  await settle();
  expect(box.sold).toBe(1);
  expect(counter.paid.value?.sale.id).toBe('sale-1');
  expect(counter.order.value).toBeNull();
  counter.tap('BUN');
  await settle();
  expect(counter.paid.value).toBeNull();
});

test('a free table takes the order that has none; another table keeps its own, and begins one', async () => {
  const { counter } = await open();
  counter.tap('BUN');
  counter.toTable('T1');
  await settle();
  expect(counter.order.value?.table_id).toBe('T1');
  const first = counter.order.value?.id;
  counter.toTable('T2');
  await settle();
  expect(counter.order.value?.id).not.toBe(first);
  counter.toTable('T1');
  await settle();
  expect(counter.order.value?.id).toBe(first);
  expect(lines(counter)).toEqual(['1 BUN']);
});

test('a page that is opened again shows the order and the place that the till kept', async () => {
  const before = await open();
  before.counter.tap('BUN');
  await settle();
  before.counter.go({ is: 'pay' });
  await settle();
  before.counter.stop();
  const again = await open(before.box.screen, [...before.box.orders.values()]);
  expect(again.counter.place.value).toEqual({ is: 'pay' });
  expect(lines(again.counter)).toEqual(['1 BUN']);
});

test('a screen that another version kept is read as far as it is understood', () => {
  expect(readScreen({ orderId: 7, place: { is: 'moon' }, language: 'ar' })).toEqual({
    ...EMPTY_SCREEN,
    language: 'ar',
  });
  expect(readScreen('what')).toEqual(EMPTY_SCREEN);
});

test('signing out is refused while sales wait, and asks for an export instead', async () => {
  const { counter } = await open();
  counter.signOut();
  await settle();
  expect(counter.exportForSignOut.value).toBe(true);
  expect(counter.trouble.value).toBeNull();
});

test('a wrong PIN is answered in words', async () => {
  const { counter } = await open();
  expect(await counter.signIn('mia', '0000')).toBe(en.errors.pin_wrong);
});

test('the touched line is the one that is new, or that there is more of', () => {
  const line = (line_id: string, quantity: number): OrderLine => ({
    line_id,
    product_id: 'p',
    name: 'p',
    quantity,
    unit_price: 1,
    modifiers: [],
    note: null,
    discount: null,
  });
  const order = (...of: readonly OrderLine[]): OpenOrder => ({
    id: 'o',
    revision: 1,
    table_id: null,
    discount: null,
    opened_at: '',
    currency: 'GBP',
    lines: of,
    totals: { lines: [], discount: 0, tax: 0, total: 0 },
  });
  expect(touchedLine(null, order(line('a', 1)))).toBe('a');
  expect(touchedLine(order(line('a', 1), line('b', 1)), order(line('a', 2), line('b', 1)))).toBe('a');
});
