import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { takeSales } from '../../src/sales/take-sales.ts';
import { saleOf } from './sales-contract.ts';

/** A place that takes sales, and what lies in it. */
export interface SalesPlace {
  readonly database: Pick<Database, 'ofLicense'>;
  readonly licenseId: number;
  /** The sales of the license: `terminal id`, sorted. */
  stored(): Promise<readonly string[]>;
  /** The codes of what was rejected, sorted. */
  rejected(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const AT = new Date('2026-11-24T10:00:00.000Z');

/** What `takeSales` relies on in its statements: so the simulator's stand for those of SQL. */
export function takeSalesContract(where: string, open: () => Promise<SalesPlace>): void {
  test(`[P5] [U6] [U7] in ${where} each sale is stored once by terminal and id, and what is rejected once by its text`, async () => {
    const place = await open();
    const [one, other] = [randomUUID(), randomUUID()].toSorted();
    if (one === undefined || other === undefined) throw new Error('there are two');
    const bring = async (terminalId: string, ...sales: readonly object[]): Promise<readonly string[]> => {
      const bringer = { licenseId: place.licenseId, terminalId, at: AT };
      const brought = JSON.parse(JSON.stringify(sales)) as Record<string, unknown>[];
      const { results, doubled } = await takeSales(place.database, bringer, brought);
      return [
        ...results.map((each) => (each.outcome === 'accepted' ? 'accepted' : each.code)),
        `${doubled} doubled`,
      ];
    };
    const conflict = saleOf(1, { receipt_number: 'another' });
    expect(await bring(one, saleOf(1), saleOf(2), saleOf(2))).toEqual([
      'accepted',
      'accepted',
      'accepted',
      '1 doubled',
    ]);
    expect(await bring(one, saleOf(2), conflict, { id: 7 }, saleOf(3))).toEqual([
      'accepted',
      'sale_conflict',
      'sale_invalid',
      'accepted',
      '1 doubled',
    ]);
    expect(await bring(one, conflict, { id: 7 })).toEqual(['sale_conflict', 'sale_invalid', '0 doubled']);
    expect(await bring(other, conflict)).toEqual(['accepted', '0 doubled']);
    const [first, second, third] = [1, 2, 3].map((counter) => saleOf(counter).id);
    expect(await place.stored()).toEqual([
      `${one} ${first}`,
      `${one} ${second}`,
      `${one} ${third}`,
      `${other} ${first}`,
    ]);
    expect(await place.rejected()).toEqual(['sale_conflict', 'sale_invalid']);
    await place.close();
  });
}
