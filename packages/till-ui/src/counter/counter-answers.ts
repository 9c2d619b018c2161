import {
  type Fields,
  fieldsOf,
  isFields,
  keyOf,
  listIn,
  numberIn,
  numberOrNullIn,
  textIn,
  textOrNullIn,
  UnreadableAnswer,
} from '../server/reading.ts';
import type { SalesPage } from './counter-api.ts';
import type {
  Discount,
  LineModifier,
  OpenOrder,
  OrderLine,
  Sale,
  SaleLine,
  SalePayment,
  SaleRow,
  SaleState,
  Session,
  Setup,
} from './shapes.ts';

const STATES: Readonly<Record<SaleState, true>> = {
  saved: true,
  sending: true,
  accepted: true,
  rejected: true,
};
const SETUPS: Readonly<Record<Setup['state'], true>> = { needed: true, loading: true, done: true };

/** `GET /api/setup` @throws UnreadableAnswer */
export function readSetup(value: unknown): Setup {
  const fields = fieldsOf(value, 'The set-up');
  const state = keyOf(SETUPS, fields['state']);
  if (state === null) throw new UnreadableAnswer('state is none that this page knows.');
  return { state, server: textOrNullIn(fields, 'backend_url') };
}

/** `GET /api/session` @throws UnreadableAnswer */
export function readSession(value: unknown): Session {
  const fields = fieldsOf(value, 'The session');
  const staff = fields['staff'];
  return {
    csrf: textIn(fields, 'csrf'),
    staff: isFields(staff)
      ? {
          id: textIn(staff, 'id'),
          name: textIn(staff, 'name'),
          role: staff['role'] === 'manager' ? 'manager' : 'cashier',
        }
      : null,
    staff_required: fields['staff_required'] === true,
  };
}

/** `GET /api/orders` @throws UnreadableAnswer */
export function readOrders(value: unknown): readonly OpenOrder[] {
  return listIn(fieldsOf(value, 'The list of orders'), 'orders').map(readOrder);
}

/** An order with its totals. @throws UnreadableAnswer */
export function readOrder(value: unknown): OpenOrder {
  const answer = fieldsOf(value, 'An order with its totals');
  const order = fieldsOf(answer['order'], 'An order');
  const totals = fieldsOf(answer['totals'], 'The totals of an order');
  const lines = listIn(order, 'lines').map(readOrderLine);
  return {
    id: textIn(order, 'id'),
    revision: numberIn(order, 'revision'),
    table_id: textOrNullIn(order, 'table_id'),
    lines,
    discount: readDiscount(order['discount']),
    opened_at: textIn(order, 'opened_at'),
    currency: textOrNullIn(order, 'currency'),
    totals: {
      lines: listIn(totals, 'lines').map((each) => {
        const fields = fieldsOf(each, 'The total of a line');
        return {
          line_id: textIn(fields, 'line_id'),
          unit: numberIn(fields, 'unit'),
          total: numberIn(fields, 'total'),
        };
      }),
      discount: numberIn(totals, 'discount'),
      tax: numberIn(totals, 'tax'),
      total: numberIn(totals, 'total'),
    },
  };
}

function readOrderLine(value: unknown): OrderLine {
  const fields = fieldsOf(value, 'A line of an order');
  return {
    line_id: textIn(fields, 'line_id'),
    product_id: textIn(fields, 'product_id'),
    name: textIn(fields, 'name'),
    quantity: numberIn(fields, 'quantity'),
    unit_price: numberIn(fields, 'unit_price'),
    modifiers: listIn(fields, 'modifiers').map(readModifier),
    note: textOrNullIn(fields, 'note'),
    discount: readDiscount(fields['discount']),
  };
}

function readModifier(value: unknown): LineModifier {
  const fields = fieldsOf(value, 'An option of a line');
  return {
    modifier_id: textIn(fields, 'modifier_id'),
    option_id: textIn(fields, 'option_id'),
    name: textIn(fields, 'name'),
    price_delta: numberIn(fields, 'price_delta'),
  };
}

function readDiscount(value: unknown): Discount | null {
  if (!isFields(value)) return null;
  return { kind: value['kind'] === 'percent' ? 'percent' : 'amount', value: numberIn(value, 'value') };
}

/** `GET /api/sales` @throws UnreadableAnswer */
export function readSales(value: unknown): SalesPage {
  const fields = fieldsOf(value, 'The list of sales');
  return { rows: listIn(fields, 'sales').map(readSaleRow), next: textOrNullIn(fields, 'next') };
}

/** A sale and where it stands. @throws UnreadableAnswer */
export function readSaleRow(value: unknown): SaleRow {
  const fields = fieldsOf(value, 'A sale');
  const state = keyOf(STATES, fields['state']);
  if (state === null) throw new UnreadableAnswer('state is none that this page knows.');
  return {
    sale: readSale(fields['sale']),
    state,
    code: textOrNullIn(fields, 'code'),
    detail: textOrNullIn(fields, 'detail'),
  };
}

function readSale(value: unknown): Sale {
  const fields = fieldsOf(value, 'A sale');
  return {
    id: textIn(fields, 'id'),
    kind: fields['kind'] === 'refund' ? 'refund' : 'sale',
    receipt_number: textIn(fields, 'receipt_number'),
    sold_at: textIn(fields, 'sold_at'),
    currency: textIn(fields, 'currency'),
    staff_name: textOrNullIn(fields, 'staff_name'),
    table_id: textOrNullIn(fields, 'table_id'),
    lines: listIn(fields, 'lines').map(readSaleLine),
    discount: numberIn(fields, 'discount'),
    total: numberIn(fields, 'total'),
    tax: numberIn(fields, 'tax'),
    payments: listIn(fields, 'payments').map(readPayment),
    refund_of: textOrNullIn(fields, 'refund_of'),
  };
}

function readSaleLine(value: unknown): SaleLine {
  const fields: Fields = fieldsOf(value, 'A line of a sale');
  return {
    product_id: textIn(fields, 'product_id'),
    name: textIn(fields, 'name'),
    quantity: numberIn(fields, 'quantity'),
    unit_price: numberIn(fields, 'unit_price'),
    modifiers: listIn(fields, 'modifiers').map(readModifier),
    note: textOrNullIn(fields, 'note'),
    discount: numberIn(fields, 'discount'),
    tax_percent: numberOrNullIn(fields, 'tax_percent'),
    tax: numberIn(fields, 'tax'),
    total: numberIn(fields, 'total'),
    refunded_line: numberOrNullIn(fields, 'refunded_line'),
  };
}

function readPayment(value: unknown): SalePayment {
  const fields = fieldsOf(value, 'A payment');
  return {
    method: fields['method'] === 'card' ? 'card' : 'cash',
    amount: numberIn(fields, 'amount'),
    tendered: numberOrNullIn(fields, 'tendered'),
    change: numberOrNullIn(fields, 'change'),
  };
}
