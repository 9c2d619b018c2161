import { currencySchema, toDecimal } from '@tillcast/protocol/money';
import { checkout } from '@tillcast/protocol/sales/checkout';
import { emptyOrder, type Order } from '@tillcast/protocol/sales/order';
import { reckon } from '@tillcast/protocol/sales/reckoning';
import { refund, refundable } from '@tillcast/protocol/sales/refund';
import type { Sale } from '@tillcast/protocol/sales/sale';
import { RUN_BYTES, runName, saleIdOf } from '@tillcast/protocol/sales/sale-id';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SaleRow } from '../src/counter/shapes.ts';
import { leftOf, refundTotal } from '../src/receipt/refundable.ts';

const GBP = currencySchema.parse('GBP');
const run = runName(new Uint8Array(RUN_BYTES));
const context = (counter: number) => ({
  id: saleIdOf(run, counter),
  receiptNumber: String(counter),
  soldAt: '2026-03-01T12:00:00.000Z',
  staff: null,
});

function saleOf(lines: readonly { readonly price: number; readonly quantity: number }[], off: number): Sale {
  const order: Order = {
    ...emptyOrder('0192f0c1-0000-7000-8000-000000000001', '2026-03-01T12:00:00.000Z'),
    currency: GBP,
    discount: off === 0 ? null : { kind: 'percent', value: off },
    lines: lines.map(({ price, quantity }, index) => ({
      line_id: `l${index}`,
      product_id: `p${index}`,
      name: `Product ${index}`,
      quantity,
      unit_price: toDecimal(price, GBP),
      modifiers: [],
      note: null,
      discount: null,
      tax_percent: 20,
      price_read_at: { epoch: 'e1', version: 1 },
    })),
  };
  const amount = toDecimal(reckon(order).total, GBP);
  return checkout(order, [{ method: 'cash', amount }], context(1));
}

const row = (sale: Sale): SaleRow => ({ sale, state: 'saved', code: null, detail: null });

test('[U2] what the page says is paid back is what the till pays back, piece by piece, to the penny', () => {
  const line = fc.record({
    price: fc.integer({ min: 1, max: 5_000 }),
    quantity: fc.integer({ min: 1, max: 6 }),
  });
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 60 }),
      (lines, off) => {
        const sale = saleOf(lines, off);
        const earlier: Sale[] = [];
        for (let counter = 2; refundable(sale, earlier).some((left) => left > 0); counter += 1) {
          expect(leftOf(sale, earlier.map(row))).toEqual(refundable(sale, earlier));
          const index = refundable(sale, earlier).findIndex((left) => left > 0);
          const amount = refundTotal(sale, earlier.map(row), new Map([[index, 1]]));
          // The till refuses payments that do not come to its own total.
          earlier.push(
            refund(
              sale,
              [{ line: index, quantity: 1 }],
              earlier,
              [{ method: 'cash', amount }],
              context(counter),
            ),
          );
        }
      },
    ),
  );
});
