import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toDecimal, toMinor } from '../../src/money.ts';
import { checkSums } from '../../src/sales/check-sums.ts';
import { reckon, shareOut, taxWithin } from '../../src/sales/reckoning.ts';
import { refund, refundable, refundTotal } from '../../src/sales/refund.ts';
import { saleSchema } from '../../src/sales/sale.ts';
import { RUN_BYTES, runName, saleIdOf, saleIdSchema } from '../../src/sales/sale-id.ts';
import { CONTEXT, catalogOf, edited, orders, PRODUCTS, paid } from './orders.ts';

test('[U1] whatever is ordered and taken off, the lines of the sale come to its total, and nothing is negative', () => {
  fc.assert(
    fc.property(orders, (order) => {
      const sale = paid(order);
      expect(saleSchema.parse(JSON.parse(JSON.stringify(sale)))).toEqual(sale);
      expect(checkSums(sale)).toEqual([]);
    }),
  );
});

test('[U1] a sale in which any one amount is another is found, and the place is named', () => {
  fc.assert(
    fc.property(orders, fc.nat(), fc.integer({ min: 1, max: 100 }), (order, where, by) => {
      const sale = paid(order);
      const index = where % sale.lines.length;
      const more = (amount: number): number => toDecimal(toMinor(amount, sale.currency) + by, sale.currency);
      const line = sale.lines[index];
      if (line === undefined) throw new Error('there is a line');
      const changed = [
        { ...sale, total: more(sale.total) },
        { ...sale, tax: more(sale.tax) },
        { ...sale, discount: more(sale.discount) },
        { ...sale, payments: sale.payments.map((each) => ({ ...each, amount: more(each.amount) })) },
        ...(['total', 'tax', 'discount', 'unit_price'] as const).map((field) => ({
          ...sale,
          lines: sale.lines.map((each, place) =>
            place === index ? { ...each, [field]: more(each[field]) } : each,
          ),
        })),
      ];
      for (const each of changed) expect(checkSums(each).length).toBeGreaterThan(0);
      expect(checkSums({ ...sale, total: sale.total + 0.001 })[0]?.detail).toContain('GBP');
    }),
  );
});

test('[U1] what is taken off an order is shared among its lines to the penny, and no line pays more than it costs', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1_000_000), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (weights, part) => {
        const all = weights.reduce((sum, each) => sum + each, 0);
        const amount = Math.floor(all * part);
        const shares = shareOut(amount, weights);
        expect(shares.reduce((sum, each) => sum + each, 0)).toBe(amount);
        for (const [index, share] of shares.entries()) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(weights[index] ?? 0);
        }
      },
    ),
  );
});

test.each([
  [1200, 20, 200],
  [1, 20, 0],
  [3, 20, 1],
  [999, 5.5, 52],
  [999_999_999_999_999, 20, 166_666_666_666_667],
  [100, null, 0],
  [100, 0, 0],
])('[U1] of %i that include %s percent, %i are tax', (minor, percent, tax) => {
  expect(taxWithin(minor, percent)).toBe(tax);
});

test('[U2] a sale that is given back in pieces comes back to the penny, and no piece twice', () => {
  fc.assert(
    fc.property(orders, fc.infiniteStream(fc.nat()), (order, choices) => {
      const sale = paid(order);
      const refunds: ReturnType<typeof refund>[] = [];
      const next = (bound: number): number => ((choices.next().value as number) % bound) + 1;
      for (;;) {
        const left = refundable(sale, refunds);
        const line = left.findIndex((count) => count > 0);
        if (line === -1) break;
        const quantity = next(left[line] ?? 1);
        const part = { line, quantity };
        const amount = refundTotal(sale, [part], refunds);
        refunds.push(refund(sale, [part], refunds, [{ method: 'cash', amount }], CONTEXT));
      }
      for (const each of refunds) {
        expect(checkSums(each)).toEqual([]);
        expect(saleSchema.safeParse(each).success).toBe(true);
      }
      const back = refunds.reduce((sum, each) => sum + toMinor(each.total, sale.currency), 0);
      expect(back).toBe(toMinor(sale.total, sale.currency));
      const again = { line: 0, quantity: 1 };
      expect(() => refund(sale, [again], refunds, [], CONTEXT)).toThrow(/only 0 can still be given back/);
    }),
  );
});

test('[U3] the ids of two runs never meet, and an id is read as it was written', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: RUN_BYTES, maxLength: RUN_BYTES }),
      fc.uint8Array({ minLength: RUN_BYTES, maxLength: RUN_BYTES }),
      fc.integer({ min: 1, max: 999_999_999_999_999 }),
      (one, other, counter) => {
        const id = saleIdOf(runName(one), counter);
        expect(saleIdSchema.parse(id)).toBe(id);
        const same = one.every((byte, index) => byte === other[index]);
        expect(id === saleIdOf(runName(other), counter)).toBe(same);
      },
    ),
  );
});

test('[U1] a discount that has become more than the order takes off all of it and no more', () => {
  const order = edited(
    [
      { edit: 'add', product_id: 'CAKE', quantity: 2, modifiers: [] },
      { edit: 'order_discount', discount: { kind: 'amount', value: 6 } },
      { edit: 'quantity', line_id: 'L0', quantity: 1 },
    ],
    catalogOf(PRODUCTS),
  );
  expect(reckon(order)).toMatchObject({ total: 0, orderDiscount: 499 });
  expect(checkSums(paid(order))).toEqual([]);
});
