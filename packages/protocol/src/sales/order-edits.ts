import { z } from 'zod';
import { TillcastError } from '../errors.ts';
import { itemIdSchema, nameSchema } from '../items/fields.ts';
import type { Modifier } from '../items/modifier.ts';
import type { Product } from '../items/product.ts';
import { isAmount, MAX_MINOR, toDecimalText, toMinor } from '../money.ts';
import { type Discount, discountSchema, type Order, type OrderLine } from './order.ts';
import { grossOf, netOf, reckon } from './reckoning.ts';
import { type LineModifier, ORDER_BOUNDS, type PriceVersion } from './sale.ts';

/** An option that is chosen, by name. */
export interface Choice {
  readonly modifier_id: string;
  readonly option_id: string;
}

/** What a cashier does to an order. */
export type OrderEdit =
  | {
      readonly edit: 'add';
      readonly product_id: string;
      readonly quantity: number;
      readonly modifiers: readonly Choice[];
    }
  | { readonly edit: 'modifiers'; readonly line_id: string; readonly modifiers: readonly Choice[] }
  | { readonly edit: 'quantity'; readonly line_id: string; readonly quantity: number }
  | { readonly edit: 'note'; readonly line_id: string; readonly note: string | null }
  | { readonly edit: 'line_discount'; readonly line_id: string; readonly discount: Discount | null }
  | { readonly edit: 'order_discount'; readonly discount: Discount | null }
  | { readonly edit: 'remove'; readonly line_id: string }
  | { readonly edit: 'table'; readonly table_id: string | null };

const choicesSchema = z
  .array(z.strictObject({ modifier_id: itemIdSchema, option_id: itemIdSchema }))
  .max(ORDER_BOUNDS.modifiers);
const quantitySchema = z.int().min(1).max(ORDER_BOUNDS.quantity);

export const orderEditSchema: z.ZodType<OrderEdit, unknown> = z.discriminatedUnion('edit', [
  z.strictObject({
    edit: z.literal('add'),
    product_id: itemIdSchema,
    quantity: quantitySchema.default(1),
    modifiers: choicesSchema.default([]),
  }),
  z.strictObject({ edit: z.literal('modifiers'), line_id: itemIdSchema, modifiers: choicesSchema }),
  z.strictObject({ edit: z.literal('quantity'), line_id: itemIdSchema, quantity: quantitySchema }),
  z.strictObject({
    edit: z.literal('note'),
    line_id: itemIdSchema,
    note: nameSchema.max(ORDER_BOUNDS.noteChars).nullable(),
  }),
  z.strictObject({
    edit: z.literal('line_discount'),
    line_id: itemIdSchema,
    discount: discountSchema.nullable(),
  }),
  z.strictObject({ edit: z.literal('order_discount'), discount: discountSchema.nullable() }),
  z.strictObject({ edit: z.literal('remove'), line_id: itemIdSchema }),
  z.strictObject({ edit: z.literal('table'), table_id: itemIdSchema.nullable() }),
]);

/** The catalog of the till at the moment of an edit. */
export interface SaleCatalog {
  readonly version: PriceVersion;
  readonly product: (id: string) => Product | null;
  readonly modifier: (id: string) => Modifier | null;
}

/**
 * The order after an edit, one revision further. Prices are read from the catalog when a line is added, and stay.
 * @param newLineId used where the edit adds a line
 * @throws TillcastError in a cashier's words: `item_not_found`, `product_unavailable`, `modifiers_invalid`,
 *   `discount_invalid`, `order_invalid`
 */
export function editOrder(order: Order, edit: OrderEdit, catalog: SaleCatalog, newLineId: string): Order {
  const next = withinBounds({ ...applied(order, edit, catalog, newLineId), revision: order.revision + 1 });
  if (next.lines.length === 0) return { ...next, currency: null, discount: null };
  return next;
}

function applied(order: Order, edit: OrderEdit, catalog: SaleCatalog, newLineId: string): Order {
  switch (edit.edit) {
    case 'add':
      return withProduct(order, edit, catalog, newLineId);
    case 'modifiers':
      return withLine(order, edit.line_id, (line) => {
        const product = productOf(line.product_id, catalog);
        return { ...line, modifiers: chosen(product, edit.modifiers, catalog) };
      });
    case 'quantity':
      return withLine(order, edit.line_id, (line) => ({ ...line, quantity: edit.quantity }));
    case 'note':
      return withLine(order, edit.line_id, (line) => ({ ...line, note: edit.note }));
    case 'line_discount':
      return withLine(order, edit.line_id, (line) => {
        const { currency } = order;
        if (currency !== null) refuseExcess(edit.discount, grossOf(line, currency), order);
        return { ...line, discount: edit.discount };
      });
    case 'order_discount':
      refuseExcess(edit.discount, netOf(reckon(order)), order);
      return { ...order, discount: edit.discount };
    case 'remove':
      lineOf(order, edit.line_id);
      return { ...order, lines: order.lines.filter(({ line_id }) => line_id !== edit.line_id) };
    case 'table':
      return { ...order, table_id: edit.table_id };
  }
}

/** The same again is one more of the line that is there, where nothing was said of that line alone. */
function withProduct(
  order: Order,
  edit: Extract<OrderEdit, { edit: 'add' }>,
  catalog: SaleCatalog,
  newLineId: string,
): Order {
  const product = productOf(edit.product_id, catalog);
  if (!product.available) {
    throw new TillcastError('product_unavailable', `${product.name} is not for sale at the moment.`);
  }
  if (order.currency !== null && order.currency !== product.currency) {
    throw new TillcastError(
      'order_invalid',
      `${product.name} is sold in ${product.currency}, and this order is in ${order.currency}; pay the order first.`,
    );
  }
  const added: OrderLine = {
    line_id: newLineId,
    product_id: product.id,
    name: product.name,
    quantity: edit.quantity,
    unit_price: product.price,
    modifiers: chosen(product, edit.modifiers, catalog),
    note: null,
    discount: null,
    tax_percent: product.tax_percent,
    price_read_at: catalog.version,
  };
  const same = order.lines.findIndex((line) => isSame(line, added));
  const lines =
    same === -1
      ? [...order.lines, added]
      : order.lines.map((line, index) =>
          index === same ? { ...line, quantity: line.quantity + edit.quantity } : line,
        );
  return { ...order, currency: product.currency, lines };
}

function isSame(line: OrderLine, added: OrderLine): boolean {
  return (
    line.product_id === added.product_id &&
    line.unit_price === added.unit_price &&
    line.name === added.name &&
    line.tax_percent === added.tax_percent &&
    line.note === null &&
    line.discount === null &&
    JSON.stringify(line.modifiers) === JSON.stringify(added.modifiers)
  );
}

function productOf(id: string, catalog: SaleCatalog): Product {
  const product = catalog.product(id);
  if (product !== null) return product;
  throw new TillcastError('item_not_found', `This till knows no product "${id}"; it may have been removed.`);
}

/** The options that were chosen, in the product's order, as they are called and priced now. */
function chosen(product: Product, choices: readonly Choice[], catalog: SaleCatalog): LineModifier[] {
  const refused = (why: string): TillcastError =>
    new TillcastError('modifiers_invalid', `${product.name}: ${why}.`);
  const strangers = choices.filter(({ modifier_id }) => !product.modifier_ids.includes(modifier_id));
  if (strangers.length > 0) throw refused(`there is no choice "${strangers[0]?.modifier_id ?? ''}"`);
  return product.modifier_ids.flatMap((id) => {
    // A group that the catalog no longer has can ask for nothing.
    const group = catalog.modifier(id);
    const wanted = choices.filter(({ modifier_id }) => modifier_id === id).map(({ option_id }) => option_id);
    if (group === null) {
      if (wanted.length > 0) throw refused(`"${id}" is no longer offered`);
      return [];
    }
    const options = group.options.filter((option) => wanted.includes(option.id));
    if (options.length !== new Set(wanted).size) throw refused(`${group.name} has no such option`);
    if (options.length !== wanted.length) throw refused(`an option of ${group.name} is chosen twice`);
    if (options.length < group.min_choices || options.length > group.max_choices) {
      throw refused(`choose ${rangeOf(group)} of ${group.name}`);
    }
    if (options.length > 0 && group.currency !== product.currency) {
      throw refused(`${group.name} is priced in ${group.currency}`);
    }
    return options.map((option) => ({
      modifier_id: id,
      option_id: option.id,
      name: option.name,
      price_delta: option.price_delta,
    }));
  });
}

function rangeOf({ min_choices: min, max_choices: max }: Modifier): string {
  return min === max ? String(min) : min === 0 ? `at most ${max}` : `${min} to ${max}`;
}

function lineOf(order: Order, lineId: string): OrderLine {
  const line = order.lines.find(({ line_id }) => line_id === lineId);
  if (line !== undefined) return line;
  throw new TillcastError('order_invalid', 'That line is not in the order any more.');
}

function withLine(order: Order, lineId: string, change: (line: OrderLine) => OrderLine): Order {
  const old = lineOf(order, lineId);
  return { ...order, lines: order.lines.map((line) => (line === old ? change(line) : line)) };
}

function refuseExcess(discount: Discount | null, minor: number, { currency }: Order): void {
  if (discount === null || discount.kind === 'percent') return;
  if (currency === null) throw new TillcastError('discount_invalid', 'There is nothing to take it off yet.');
  if (!isAmount(discount.value, currency)) {
    throw new TillcastError('discount_invalid', `${discount.value} has more digits than ${currency} has.`);
  }
  if (toMinor(discount.value, currency) <= minor) return;
  const [asked, there] = [
    toDecimalText(toMinor(discount.value, currency), currency),
    toDecimalText(minor, currency),
  ];
  throw new TillcastError('discount_invalid', `${asked} off is more than the ${there} that it is taken off.`);
}

function withinBounds(order: Order): Order {
  if (order.lines.length > ORDER_BOUNDS.lines) {
    throw new TillcastError(
      'order_invalid',
      `An order has at most ${ORDER_BOUNDS.lines} lines; pay this one first.`,
    );
  }
  if (order.lines.some(({ quantity }) => quantity < 1 || quantity > ORDER_BOUNDS.quantity)) {
    throw new TillcastError(
      'order_invalid',
      `Of one thing there are 1 to ${ORDER_BOUNDS.quantity} on a line.`,
    );
  }
  const { currency } = order;
  const gross = currency === null ? 0 : order.lines.reduce((all, line) => all + grossOf(line, currency), 0);
  if (gross > MAX_MINOR)
    throw new TillcastError('order_invalid', 'The order comes to more than a till can count.');
  return order;
}
