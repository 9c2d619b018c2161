import { TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';
import type { DeedOf } from './operation.ts';
import { SimulatedDeath } from './sales-disk.ts';
import type { SimulatedSales } from './till-sales.ts';
import type { Seat, World } from './world.ts';

/** A cashier whose till died comes back to the order so often, and after so long. */
const TRIES_MAX = 16;
const BACK_AFTER_MS = 2_500;

/** What a till may answer to a cashier who does nothing wrong. */
const TO_BE_EXPECTED: readonly string[] = [
  'till_disk_full',
  'order_not_found',
  'order_invalid',
  'item_not_found',
  'refund_invalid',
  'database_unavailable',
];

const productSchema = z.looseObject({ id: z.string() });

/** An order of one thing, paid a moment later; at a till that died meanwhile, or whose disk was full, somewhat later. */
export function doSell(world: World, deed: DeedOf<'sell'>): void {
  const seat = seatOf(world, deed);
  if (seat === undefined) return;
  atTill(seat, ({ counter }) => {
    const products = seat.till.running?.store.bodies('product') ?? [];
    const body = products[Math.floor(deed.which * products.length)];
    if (body === undefined) return;
    const { id } = productSchema.parse(JSON.parse(body));
    const edit = { edit: 'add', product_id: id, quantity: deed.quantity, modifiers: [] } as const;
    counter.edit(deed.orderId, { revision: 0, edit }, null);
    world.scheduler.after(deed.thinkMs, () => pay(world, seat, deed, TRIES_MAX));
  });
}

function pay(world: World, seat: Seat, deed: DeedOf<'sell'>, tries: number): void {
  let isOver = false;
  atTill(seat, (sales) => {
    const { counter, watch } = sales;
    const open = counter.orders().find(({ order }) => order.id === deed.orderId);
    isOver = open === undefined;
    if (open === undefined) return;
    const { total: amount } = open.totals;
    const payment = deed.cash
      ? { method: 'cash' as const, amount, tendered: Math.ceil(amount / 5) * 5 }
      : { method: 'card' as const, amount };
    const request = { order_id: deed.orderId, revision: open.order.revision, payments: [payment] };
    const press = (): void =>
      watch.promised(watch.paying(deed.orderId, () => counter.sell(request, null)).sale);
    press();
    isOver = true;
    // On two pages at once, say: it is refused.
    if (deed.twice && seat.till.running?.sales === sales) press();
  });
  if (!isOver && tries > 0) world.scheduler.after(BACK_AFTER_MS, () => pay(world, seat, deed, tries - 1));
}

/** One piece of one of the newest sales is given back. */
export function doRefund(world: World, deed: DeedOf<'refund'>): void {
  const seat = seatOf(world, deed);
  if (seat === undefined) return;
  atTill(seat, ({ counter, watch }) => {
    const sold = counter.list(null, 20).sales.filter(({ sale }) => sale.kind === 'sale');
    const of = sold[Math.floor(deed.which * sold.length)];
    if (of === undefined) return;
    const lines = [{ index: 0, quantity: 1 }];
    const request = { sale_id: of.sale.id, lines, payments: [{ method: 'cash' as const }] };
    watch.promised(counter.refund(request, null).sale);
  });
}

/** The till itself, or one of those on copies of its data. */
function seatOf({ seats }: World, { till, copy }: Pick<DeedOf<'sell'>, 'till' | 'copy'>): Seat | undefined {
  const terminalId = seats[till]?.till.options.terminalId;
  const ofThis = seats.filter(({ till: each }) => each.options.terminalId === terminalId);
  return ofThis[Math.floor(copy * ofThis.length)];
}

/** Does something at a till that runs, and puts up with what may happen there. */
function atTill({ till }: Seat, work: (sales: SimulatedSales) => void): void {
  const { running } = till;
  const sales = running?.sales ?? null;
  if (running === null || sales === null || running.process.isFrozen) return;
  try {
    work(sales);
  } catch (error) {
    if (error instanceof SimulatedDeath) return;
    if (error instanceof TillcastError && TO_BE_EXPECTED.includes(error.code)) return;
    throw error;
  }
}
