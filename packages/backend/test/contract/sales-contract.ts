import { randomUUID } from 'node:crypto';
import type { Sale } from '@tillcast/protocol/sales/sale';
import { runName, saleIdOf } from '@tillcast/protocol/sales/sale-id';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { statement, textColumn } from '../../src/database/statement.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { selectSalesDays } from '../../src/sales/sales-statements.ts';
import { takeSales } from '../../src/sales/take-sales.ts';
import { newLicense } from './fixture.ts';

const AT = new Date('2026-11-24T10:00:00.000Z');
const RUN = runName(new Uint8Array([1, 2, 3, 4, 5]));

/** A sale of one thing. */
export function saleOf(counter: number, more: Partial<Sale> = {}): Sale {
  return {
    id: saleIdOf(RUN, counter),
    kind: 'sale',
    receipt_number: String(counter),
    sold_at: '2026-11-24T09:30:00.000Z',
    currency: 'GBP' as Sale['currency'],
    staff_id: null,
    staff_name: null,
    table_id: null,
    lines: [
      {
        product_id: 'TEA',
        name: 'Tea',
        quantity: 1,
        unit_price: 2.4,
        modifiers: [],
        note: null,
        discount: 0,
        tax_percent: 20,
        tax: 0.4,
        total: 2.4,
        price_read_at: { epoch: 'k3v9k3v9k3v9k3v9', version: 1 },
        refunded_line: null,
      },
    ],
    discount: 0,
    tax: 0.4,
    total: 2.4,
    payments: [{ method: 'cash', amount: 2.4, tendered: null, change: null }],
    refund_of: null,
    ...more,
  };
}

const rejectedOf = statement<{ readonly code: string; readonly body: string }>(
  'test_select_rejected_sales',
  'SELECT code, body FROM rejected_sales ORDER BY code, body',
  { code: textColumn, body: textColumn },
);

export function salesContract(database: () => Database): void {
  const bring = async (
    key: Awaited<ReturnType<typeof newLicense>>,
    terminalId: string,
    ...sales: readonly unknown[]
  ): ReturnType<typeof takeSales> => {
    const { id } = await getLicense(database(), key);
    const brought = JSON.parse(JSON.stringify(sales)) as Record<string, unknown>[];
    return takeSales(database(), { licenseId: id, terminalId, at: AT }, brought);
  };
  const days = async (key: Awaited<ReturnType<typeof newLicense>>): ReturnType<typeof selectSalesDays> => {
    const { id } = await getLicense(database(), key);
    const [from, until] = [new Date('2026-11-01T00:00:00Z'), new Date('2026-12-01T00:00:00Z')];
    return database()
      .ofLicense(id)
      .transaction((session) => selectSalesDays(session, id, from, until));
  };

  test('[P5] [U6] a sale that is handed in again, alone or among others, is accepted again and there once', async () => {
    const key = await newLicense(database());
    const terminal = randomUUID();
    expect(await bring(key, terminal, saleOf(1), saleOf(2))).toMatchObject({ doubled: 0 });
    expect(await bring(key, terminal, saleOf(2), saleOf(3), saleOf(3))).toEqual({
      results: [2, 3, 3].map((counter) => ({ id: saleIdOf(RUN, counter), outcome: 'accepted' })),
      doubled: 2,
    });
    expect(await days(key)).toMatchObject([{ sales: 3, soldMinor: 720, taxMinor: 120 }]);
    // The same number of another till is another sale.
    await bring(key, randomUUID(), saleOf(1));
    expect(await days(key)).toMatchObject([{ sales: 4 }]);
  });

  test('[P5] [U6] of many requests at once with the same sales each sale is there once', async () => {
    const key = await newLicense(database());
    const terminal = randomUUID();
    const sales = Array.from({ length: 40 }, (_, index) => saleOf(index + 1));
    const taken = await Promise.all(
      [sales, sales.toReversed(), sales.slice(10), sales.slice(0, 30)].map((each) =>
        bring(key, terminal, ...each),
      ),
    );
    const results = taken.flatMap((each) => each.results);
    expect(results.every(({ outcome }) => outcome === 'accepted')).toBe(true);
    expect(results.length - taken.reduce((sum, { doubled }) => sum + doubled, 0)).toBe(40);
    expect(await days(key)).toMatchObject([{ sales: 40, soldMinor: 9_600 }]);
  });

  test('[U7] what is no sale, and another sale under a known id, is kept with its reason, and the others are taken', async () => {
    const key = await newLicense(database());
    const terminal = randomUUID();
    await bring(key, terminal, saleOf(1));
    const other = saleOf(1, { receipt_number: 'another' });
    const [line] = saleOf(9).lines;
    if (line === undefined) throw new Error('a sale has a line');
    const negative = { ...saleOf(5), lines: [{ ...line, quantity: -1 }] };
    const overDiscounted = { ...saleOf(6), lines: [{ ...line, discount: 3, total: -0.6 }] };
    const { results } = await bring(
      key,
      terminal,
      other,
      saleOf(2),
      { id: 7, hello: 'world' },
      saleOf(3, { total: 99 }),
      negative,
      overDiscounted,
      saleOf(4),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'rejected',
      'accepted',
      'rejected',
      'rejected',
      'rejected',
      'rejected',
      'accepted',
    ]);
    expect(results[0]).toMatchObject({ code: 'sale_conflict' });
    expect(results[3]).toMatchObject({ code: 'sale_invalid', detail: expect.stringContaining('/total') });
    expect(results[4]).toMatchObject({ detail: expect.stringContaining('/lines/0/quantity') });
    const { id } = await getLicense(database(), key);
    const kept = await database().ofLicense(id).query(rejectedOf);
    expect(kept.map(({ code }) => code).toSorted()).toEqual([
      'sale_conflict',
      ...Array(4).fill('sale_invalid'),
    ]);
    expect(kept.some(({ body }) => body.includes('"hello":"world"'))).toBe(true);
    // Rejected again, it is kept once.
    await bring(key, terminal, other);
    expect(await database().ofLicense(id).query(rejectedOf)).toHaveLength(5);
    expect(await days(key)).toMatchObject([{ sales: 3 }]);
  });

  test('[P1] [V2] a license’s sales are seen and taken under that license alone, and changed under none', async () => {
    const [mine, others] = [await newLicense(database()), await newLicense(database())];
    const terminal = randomUUID();
    await bring(mine, terminal, saleOf(1));
    expect(await days(others)).toEqual([]);
    const { id } = await getLicense(database(), mine);
    const { id: otherId } = await getLicense(database(), others);
    const foreign = { licenseId: id, terminalId: terminal, at: AT };
    await expect(
      database()
        .ofLicense(otherId)
        .transaction(async (session) => {
          const { insertSales } = await import('../../src/sales/sales-statements.ts');
          const { judgeSale } = await import('../../src/sales/judge-sale.ts');
          const judged = judgeSale({ ...saleOf(2) });
          if (judged.is !== 'sale') throw new Error('it is a sale');
          return insertSales(session, foreign, [judged]);
        }),
    ).rejects.toMatchObject({ code: '42501' });
    for (const text of [
      'UPDATE sales SET total_minor = 0',
      'DELETE FROM sales',
      'DELETE FROM rejected_sales',
    ]) {
      const forbidden = statement(`test_${text.replaceAll(/\W+/g, '_').toLowerCase()}`, text, {});
      await expect(database().ofLicense(id).query(forbidden)).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('[U8] sums of a day tell sales from refunds, by currency', async () => {
    const key = await newLicense(database());
    const terminal = randomUUID();
    const refund = saleOf(2, {
      kind: 'refund',
      refund_of: saleIdOf(RUN, 1),
      sold_at: '2026-11-25T00:00:00.000Z',
      lines: saleOf(2).lines.map((line) => ({ ...line, refunded_line: 0 })),
    });
    await bring(key, terminal, saleOf(1), refund, saleOf(3, { currency: 'EUR' as Sale['currency'] }));
    expect(await days(key)).toEqual([
      {
        day: '2026-11-24',
        currency: 'EUR',
        sales: 1,
        refunds: 0,
        soldMinor: 240,
        refundedMinor: 0,
        taxMinor: 40,
      },
      {
        day: '2026-11-24',
        currency: 'GBP',
        sales: 1,
        refunds: 0,
        soldMinor: 240,
        refundedMinor: 0,
        taxMinor: 40,
      },
      {
        day: '2026-11-25',
        currency: 'GBP',
        sales: 0,
        refunds: 1,
        soldMinor: 0,
        refundedMinor: 240,
        taxMinor: -40,
      },
    ]);
  });
}
