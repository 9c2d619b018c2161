import type { ErrorDetail } from '../errors.ts';
import { isAmount, toMinor } from '../money.ts';
import { grossOf, sum, taxWithin } from './reckoning.ts';
import type { Sale } from './sale.ts';

/**
 * What does not add up in a sale: a pointer and a sentence for each. Empty for every sale that a till makes. The
 * catalog is not asked: it moves on, and what was sold was sold.
 */
export function checkSums(sale: Sale): readonly ErrorDetail[] {
  const { currency } = sale;
  const amounts: [string, number][] = [
    ['/discount', sale.discount],
    ['/tax', sale.tax],
    ['/total', sale.total],
    ...sale.lines.flatMap((line, index): [string, number][] => [
      [`/lines/${index}/unit_price`, line.unit_price],
      [`/lines/${index}/discount`, line.discount],
      [`/lines/${index}/tax`, line.tax],
      [`/lines/${index}/total`, line.total],
      ...line.modifiers.map((each, place): [string, number] => [
        `/lines/${index}/modifiers/${place}/price_delta`,
        each.price_delta,
      ]),
    ]),
    ...sale.payments.flatMap((payment, index): [string, number][] => [
      [`/payments/${index}/amount`, payment.amount],
      [`/payments/${index}/tendered`, payment.tendered ?? 0],
      [`/payments/${index}/change`, payment.change ?? 0],
    ]),
  ];
  const wrong = amounts.filter(([, amount]) => !isAmount(amount, currency));
  if (wrong.length > 0) {
    return wrong.map(([pointer]) => ({ pointer, detail: `is no amount of ${currency}` }));
  }
  return [...lineTrouble(sale), ...totalTrouble(sale), ...paymentTrouble(sale), ...refundTrouble(sale)];
}

function lineTrouble({ lines, currency, kind }: Sale): ErrorDetail[] {
  const minor = (amount: number): number => toMinor(amount, currency);
  return lines.flatMap((line, index) => {
    const details: ErrorDetail[] = [];
    const pointer = `/lines/${index}`;
    const total = minor(line.total);
    if (grossOf(line, currency) - minor(line.discount) !== total) {
      details.push({
        pointer: `${pointer}/total`,
        detail: 'must be price and options x quantity - discount',
      });
    }
    // A part of a refunded line has a part of its tax, which is rounded otherwise.
    const taxFits =
      kind === 'sale' ? minor(line.tax) === taxWithin(total, line.tax_percent) : minor(line.tax) <= total;
    if (!taxFits) details.push({ pointer: `${pointer}/tax`, detail: 'must be the tax within the total' });
    return details;
  });
}

function totalTrouble(sale: Sale): ErrorDetail[] {
  const { lines, currency } = sale;
  const minor = (amount: number): number => toMinor(amount, currency);
  return (['discount', 'tax', 'total'] as const)
    .filter((field) => sum(lines.map((line) => minor(line[field]))) !== minor(sale[field]))
    .map((field) => ({ pointer: `/${field}`, detail: `must be the lines' ${field} together` }));
}

function paymentTrouble({ payments, total, currency }: Sale): ErrorDetail[] {
  const minor = (amount: number): number => toMinor(amount, currency);
  const details = payments.flatMap(({ amount, tendered, change }, index) => {
    const fits =
      tendered === null
        ? change === null
        : change !== null && minor(tendered) - minor(amount) === minor(change);
    return fits ? [] : [{ pointer: `/payments/${index}/change`, detail: 'must be tendered - amount' }];
  });
  if (sum(payments.map(({ amount }) => minor(amount))) !== minor(total)) {
    details.push({ pointer: '/payments', detail: 'must come to the total' });
  }
  return details;
}

function refundTrouble({ kind, refund_of: refundOf, lines }: Sale): ErrorDetail[] {
  const isRefund = kind === 'refund';
  if (isRefund !== (refundOf !== null)) {
    return [{ pointer: '/refund_of', detail: 'is the sale that a refund gives back, and of a sale null' }];
  }
  return lines.flatMap(({ refunded_line: line }, index) =>
    isRefund === (line !== null)
      ? []
      : [{ pointer: `/lines/${index}/refunded_line`, detail: 'is set in a refund alone' }],
  );
}
