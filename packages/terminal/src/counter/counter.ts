import { asTillcastError, TillcastError } from '@tillcast/protocol/errors';
import type {
  OrderAnswer,
  OrderEditRequest,
  RefundRequest,
  SaleAnswer,
  SalesListAnswer,
  SellRequest,
  Staff,
} from '@tillcast/protocol/http/till-api';
import { toDecimal } from '@tillcast/protocol/money';
import { checkout, type SaleContext } from '@tillcast/protocol/sales/checkout';
import { emptyOrder, type Order } from '@tillcast/protocol/sales/order';
import { editOrder } from '@tillcast/protocol/sales/order-edits';
import { reckon } from '@tillcast/protocol/sales/reckoning';
import { refund, refundTotal } from '@tillcast/protocol/sales/refund';
import type { Sale } from '@tillcast/protocol/sales/sale';
import { type SaleId, saleIdSchema } from '@tillcast/protocol/sales/sale-id';
import type { SaleName } from '../sales/sales-file.ts';
import type { KeptSale } from '../sales/sales-table.ts';
import type { TillSales } from '../sales/till-sales.ts';
import type { Shop } from './shop.ts';

export interface CounterOptions {
  readonly shop: Shop;
  readonly sales: TillSales;
  /** The server's time as far as it is known: ISO 8601. */
  readonly now: () => string;
  /** An id for a new line of an order. */
  readonly newId: () => string;
  /** Some order is another. */
  readonly onOrder: () => void;
}

/** Selling: orders, payments, refunds and receipts. Everything it answers is on the disk. */
export class Counter {
  readonly #options: CounterOptions;

  constructor(options: CounterOptions) {
    this.#options = options;
  }

  orders(): readonly OrderAnswer[] {
    return this.#options.sales.file.orders().map(answerOf);
  }

  /**
   * Does an edit to an order; one with nothing in it and no table is let go of.
   * @throws TillcastError in a cashier's words, as `editOrder` does, `order_not_found`, `order_changed`
   */
  edit(orderId: string, { revision, edit }: OrderEditRequest, staff: Staff | null): OrderAnswer {
    const { shop, sales, now, newId, onOrder } = this.#options;
    const { file } = sales;
    const known = file.order(orderId);
    if (known === null && revision > 0) throw orderGone();
    const before = known ?? { ...emptyOrder(orderId, now()), staff_id: staff?.id ?? null };
    if (before.revision !== revision) throw orderChanged();
    const after = editOrder(before, edit, shop.catalog(), newId());
    if (after.lines.length === 0 && after.table_id === null) file.deleteOrder(orderId);
    else file.keepOrder(after, known === null ? null : revision);
    onOrder();
    return answerOf(after);
  }

  /** @throws TillcastError `order_not_found`, `order_changed`, `payment_invalid`, `till_disk_full` */
  sell({ order_id: orderId, revision, payments }: SellRequest, staff: Staff | null): SaleAnswer {
    const { sales, onOrder } = this.#options;
    const order = sales.file.order(orderId);
    if (order === null) throw orderGone();
    if (order.revision !== revision) throw orderChanged();
    const sale = this.#save(order, (context) => checkout(order, payments, context), staff);
    onOrder();
    return sale;
  }

  /** @throws TillcastError `sale_not_found`, `refund_invalid`, `till_disk_full` */
  refund({ sale_id: saleId, lines, payments }: RefundRequest, staff: Staff | null): SaleAnswer {
    const { file } = this.#options.sales;
    const kept = file.sale(saleId);
    if (kept === null) throw saleMissing();
    const { sale } = kept;
    const earlier = file.refundsOf(saleId);
    const wanted = lines.map(({ index, quantity }) => ({ line: index, quantity }));
    const amount = refundTotal(sale, wanted, earlier);
    const paid = payments.map(({ method }) => ({ method, amount }));
    return this.#save(null, (context) => refund(sale, wanted, earlier, paid, context), staff);
  }

  /** @param after as the answer before this one said; null: from the newest on */
  list(after: string | null, limit: number): SalesListAnswer {
    const before = after === null ? Number.MAX_SAFE_INTEGER : Number(after);
    const kept = this.#options.sales.file.newestSales(before, limit);
    const last = kept.length === limit ? kept.at(-1) : undefined;
    return {
      sales: kept.map((each) => this.#answerOf(each)),
      next: last === undefined ? null : String(last.counter),
    };
  }

  /** @throws TillcastError `sale_not_found` */
  sale(id: string): SaleAnswer {
    const kept = this.#options.sales.file.sale(saleIdOf(id));
    if (kept === null) throw saleMissing();
    return this.#answerOf(kept);
  }

  /** @throws TillcastError `sale_not_found` where it was not rejected */
  retry(id: string): SaleAnswer {
    const { sales } = this.#options;
    sales.file.retry(saleIdOf(id));
    sales.wake();
    return this.sale(id);
  }

  #save(order: Order | null, make: (context: SaleContext) => Sale, staff: Staff | null): SaleAnswer {
    const { sales, now } = this.#options;
    const at = now();
    const named = ({ id, receiptNumber }: SaleName): Sale => make({ id, receiptNumber, soldAt: at, staff });
    const sale = sales.file.saveSale(order, named, at);
    sales.wake();
    return this.sale(sale.id);
  }

  #answerOf({ sale, state, code, detail }: KeptSale): SaleAnswer {
    const { sending } = this.#options.sales.upload;
    return { sale, state: state === 'saved' && sending.has(sale.id) ? 'sending' : state, code, detail };
  }
}

function answerOf(order: Order): OrderAnswer {
  const { currency } = order;
  if (currency === null) return { order, totals: { lines: [], discount: 0, tax: 0, total: 0 } };
  const { lines, orderDiscount, tax, total } = reckon(order);
  const decimal = (minor: number): number => toDecimal(minor, currency);
  return {
    order,
    totals: {
      lines: order.lines.map(({ line_id }, index) => {
        const { unit = 0, gross = 0, lineDiscount = 0 } = lines[index] ?? {};
        return { line_id, unit: decimal(unit), total: decimal(gross - lineDiscount) };
      }),
      discount: decimal(orderDiscount),
      tax: decimal(tax),
      total: decimal(total),
    },
  };
}

function saleIdOf(id: string): SaleId {
  const parsed = saleIdSchema.safeParse(id);
  if (parsed.success) return parsed.data;
  throw saleMissing(asTillcastError(parsed.error));
}

function saleMissing(cause?: unknown): TillcastError {
  return new TillcastError('sale_not_found', 'There is no sale with that number on this till.', { cause });
}

function orderGone(): TillcastError {
  return new TillcastError('order_not_found', 'That order is not open any more.');
}

function orderChanged(): TillcastError {
  return new TillcastError('order_changed', 'The order was changed meanwhile, here or on another page.');
}
