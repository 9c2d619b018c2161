import { batch } from '@preact/signals';
import { EMPTY_CATALOG } from '../catalog/catalog.ts';
import type { TillModifier, TillProduct } from '../catalog/items.ts';
import { firstChoices, firstLacking, listed } from '../options/choices.ts';
import { Refusal } from '../server/refusal.ts';
import type { Desk } from './counter.ts';
import { type OptionsPlace, SELLING } from './place.ts';
import type { Choice, Discount, OpenOrder, OrderEdit } from './shapes.ts';

/** What can be done to orders. Each is done in its turn by the till's program, whose answer is what is shown. */
export interface OrderEdits {
  /** A product was tapped or scanned: into the order, and its options, if it has some, beside it. */
  tap(productId: string): void;
  /** The options of the product whose options are shown. */
  choose(modifiers: readonly Choice[]): void;
  setQuantity(lineId: string, quantity: number): void;
  noteLine(lineId: string, note: string | null): void;
  discountLine(lineId: string, discount: Discount | null): void;
  discountOrder(discount: Discount | null): void;
  removeLine(lineId: string): void;
  /** Begins another order; the one shown stays open. */
  newOrder(): void;
  /** Shows another open order. */
  pick(orderId: string): void;
  /** Shows the table's order; puts the order shown on the table when that is free. */
  toTable(tableId: string): void;
}

/** The order is another by now, or gone: what was asked is asked of it as it is. */
const CHANGED: ReadonlySet<string> = new Set(['order_changed', 'order_not_found']);

export function orderEdits(desk: Desk): OrderEdits {
  const current = (): OpenOrder | null =>
    desk.open.peek().find(({ id }) => id === desk.orderId.peek()) ?? null;

  const show = (order: OpenOrder): void => {
    const others = desk.open.peek().filter(({ id }) => id !== order.id);
    // The till lets go of an order with nothing in it, at no table.
    const isKept = order.lines.length > 0 || order.table_id !== null;
    batch(() => {
      desk.open.value = isKept ? [...others, order] : others;
      desk.orderId.value = isKept ? order.id : null;
      desk.trouble.value = null;
    });
  };

  /** Edits the order shown, or one that begins with this. Told of a newer revision, it reads that and tries again. */
  const edit = async (wanted: OrderEdit, again = true): Promise<OpenOrder> => {
    const order = current();
    try {
      const after = await desk.api.edit(order?.id ?? crypto.randomUUID(), order?.revision ?? 0, wanted);
      show(after);
      return after;
    } catch (error) {
      if (!again || !(error instanceof Refusal) || !CHANGED.has(error.code)) throw error;
      desk.open.value = await desk.api.orders();
      return edit(wanted, false);
    }
  };

  const change = (wanted: OrderEdit): void => desk.inTurn(async () => void (await edit(wanted)));

  const add = async (productId: string, modifiers: readonly Choice[]): Promise<string | null> => {
    const before = current();
    const after = await edit({ edit: 'add', product_id: productId, quantity: 1, modifiers });
    const lineId = touchedLine(before, after);
    desk.touched.value = lineId;
    return lineId;
  };

  /** Gives options to a line; where they are for one more of several alike, that one becomes a line of its own. */
  const chooseFor = async (place: OptionsPlace, modifiers: readonly Choice[]): Promise<string | null> => {
    const line = current()?.lines.find(({ line_id }) => line_id === place.lineId);
    if (line === undefined) return add(place.productId, modifiers);
    if (!place.one || line.quantity === 1) {
      await edit({ edit: 'modifiers', line_id: line.line_id, modifiers });
      return line.line_id;
    }
    const added = await add(place.productId, modifiers);
    if (added === line.line_id) return added;
    await edit({ edit: 'quantity', line_id: line.line_id, quantity: line.quantity - 1 });
    return added;
  };

  return {
    tap: (productId) => {
      desk.inTurn(async () => {
        const { products, modifiers } = desk.catalog.peek() ?? EMPTY_CATALOG;
        const product = products.get(productId);
        if (product === undefined) return;
        desk.paid.value = null;
        const groups = groupsOf(product, modifiers);
        const choices = firstChoices(groups);
        if (firstLacking(groups, choices) !== null) {
          desk.go({ is: 'options', productId, lineId: null, one: true });
          return;
        }
        const lineId = await add(productId, listed(groups, choices));
        desk.place.value = groups.length === 0 ? SELLING : { is: 'options', productId, lineId, one: true };
      });
    },
    choose: (modifiers) => {
      const asked = desk.place.peek();
      if (asked.is !== 'options') return;
      desk.inTurn(async () => {
        // The line may have come into the order since the tap.
        const now = desk.place.peek();
        const place = now.is === 'options' && now.productId === asked.productId ? now : asked;
        const lineId = await chooseFor(place, modifiers);
        desk.touched.value = lineId;
        const after = desk.place.peek();
        if (after.is === 'options' && after.productId === place.productId) {
          desk.place.value = { ...after, lineId };
        }
      });
    },
    setQuantity: (lineId, quantity) => change({ edit: 'quantity', line_id: lineId, quantity }),
    noteLine: (lineId, note) => change({ edit: 'note', line_id: lineId, note }),
    discountLine: (lineId, discount) => change({ edit: 'line_discount', line_id: lineId, discount }),
    discountOrder: (discount) => change({ edit: 'order_discount', discount }),
    removeLine: (lineId) => change({ edit: 'remove', line_id: lineId }),
    newOrder: () => {
      desk.orderId.value = null;
      desk.paid.value = null;
      desk.go(SELLING);
    },
    pick: (orderId) => {
      desk.orderId.value = orderId;
      desk.paid.value = null;
      desk.go(SELLING);
    },
    toTable: (tableId) => {
      desk.inTurn(async () => {
        desk.paid.value = null;
        const there = desk.open.peek().find((order) => order.table_id === tableId);
        const order = current();
        if (there !== undefined) desk.orderId.value = there.id;
        else {
          // An order of another table stays where it is; this table begins its own.
          if (order !== null && order.table_id !== null) desk.orderId.value = null;
          await edit({ edit: 'table', table_id: tableId });
        }
        desk.go(SELLING);
      });
    },
  };
}

/** The groups of options of a product, in their order, without those that the catalog does not have. */
export function groupsOf(
  product: TillProduct,
  modifiers: ReadonlyMap<string, TillModifier>,
): readonly TillModifier[] {
  return product.modifierIds.flatMap((id) => modifiers.get(id) ?? []);
}

/** The line that is new, or that there is more of. */
export function touchedLine(before: OpenOrder | null, after: OpenOrder): string | null {
  const quantities = new Map(before?.lines.map(({ line_id, quantity }) => [line_id, quantity] as const));
  const touched = after.lines.findLast(({ line_id, quantity }) => quantities.get(line_id) !== quantity);
  return touched?.line_id ?? null;
}
