import type { Sale } from '@tillcast/protocol/sales/sale';
import { expect } from 'vitest';
import { quantityOf, type Shift } from './shift.ts';

/**
 * Expects of the server's sales of one till that each one which the till called saved is there once and as it was told, that each
 * order which the till kept was sold once, and that no other sale is there.
 * @param shifts of those who sold at the till, or at copies of it, none with a quantity of another's
 */
export function expectEachOnce(atServer: readonly Sale[], shifts: readonly Shift[]): void {
  const sold = new Map<number, Sale[]>();
  for (const sale of atServer) {
    const quantity = quantityOf(sale);
    sold.set(quantity, [...(sold.get(quantity) ?? []), sale]);
  }
  const several = [...sold].filter(([, sales]) => sales.length > 1);
  expect(several, 'orders that were sold several times').toEqual([]);
  const saved = shifts.flatMap((shift) => [...shift.saved]);
  const missing = saved.filter(([quantity]) => !sold.has(quantity)).map(([, { id }]) => id);
  expect(missing, 'sales that were called saved and are not at the server').toEqual([]);
  for (const [quantity, sale] of saved) expect(sold.get(quantity)).toEqual([sale]);
  const kept = shifts.flatMap((shift) => [...shift.kept]);
  expect(
    kept.filter((quantity) => !sold.has(quantity)),
    'orders that were kept and never sold',
  ).toEqual([]);
  const tried = new Set(shifts.flatMap((shift) => [...shift.tried]));
  expect(
    [...sold.keys()].filter((quantity) => !tried.has(quantity)),
    'sales that nobody made',
  ).toEqual([]);
}
