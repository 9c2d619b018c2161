import { type Product, productSchema } from '@tillcast/protocol/items/product';
import { checkout } from '@tillcast/protocol/sales/checkout';
import { emptyOrder, type Order } from '@tillcast/protocol/sales/order';
import { editOrder, type SaleCatalog } from '@tillcast/protocol/sales/order-edits';
import type { Sale } from '@tillcast/protocol/sales/sale';
import type { SaleName } from '../../packages/terminal/src/sales/sales-file.ts';
import { productOf } from './backend.ts';

export const SOLD_AT = '2026-11-24T09:00:00.000Z';

/** What is in each sale of a benchmark: some products of the made-up catalog. */
export const BASKET: readonly { readonly product: Product; readonly quantity: number }[] = [3, 11, 19].map(
  (index, place) => ({ product: productSchema.parse(productOf(index, 2.35)), quantity: place + 1 }),
);

const catalog: SaleCatalog = {
  version: { epoch: 'benchepoch', version: 42 },
  product: (id) => BASKET.find(({ product }) => product.id === id)?.product ?? null,
  modifier: () => null,
};

const ORDER: Order = BASKET.reduce(
  (order, { product, quantity }, index) =>
    editOrder(order, { edit: 'add', product_id: product.id, quantity, modifiers: [] }, catalog, `L${index}`),
  emptyOrder('1f6a7a52-8a9c-4a5e-9d0f-1c2b3a4d5e6f', SOLD_AT),
);

/** A sale of three lines, some 900 bytes of JSON, as the till makes it. */
export function soldAs({ id, receiptNumber }: SaleName): Sale {
  const amount = BASKET.reduce((sum, { product, quantity }) => sum + product.price * 100 * quantity, 0) / 100;
  return checkout(ORDER, [{ method: 'card', amount }], { id, receiptNumber, soldAt: SOLD_AT, staff: null });
}
