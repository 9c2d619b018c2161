import './paper.css';
import type { VNode } from 'preact';
import type { Sale } from '../counter/shapes.ts';
import { formatDifference, formatMoney } from '../format/money.ts';
import { formatDateTime } from '../format/time.ts';
import { formatPercent } from '../i18n/numbers.ts';
import { strings } from '../i18n/strings.ts';
import { taxParts } from './tax-parts.ts';

interface PaperProps {
  readonly sale: Sale;
  readonly shop: string;
  readonly tableName: string | null;
  /** The number of the sale that a refund gives back. */
  readonly refundOf: string | null;
}

/** A receipt as it is printed, 80 mm wide. Every figure is the sale's own; nothing is worked out here. */
export function Paper({ sale, shop, tableName, refundOf }: PaperProps): VNode {
  const text = strings.receipt;
  const money = (amount: number): string => formatMoney(amount, sale.currency);
  const isRefund = sale.kind === 'refund';
  return (
    <article class="paper" tabIndex={0} aria-label={text.title(sale.receipt_number)} data-testid="paper">
      <header class="paper-head">
        <p class="paper-shop" dir="auto">
          {shop}
        </p>
        <p>{isRefund ? text.refundTitle(sale.receipt_number) : text.title(sale.receipt_number)}</p>
        {refundOf === null ? null : <p>{text.refundOf(refundOf)}</p>}
        <p class="figures">{formatDateTime(sale.sold_at)}</p>
        {tableName === null ? null : <p dir="auto">{text.table(tableName)}</p>}
      </header>
      <ul class="paper-lines figures">
        {sale.lines.map((line, index) => (
          <li key={`${index} ${line.product_id}`} class="paper-line">
            <span>{strings.cart.quantity(line.quantity)}</span>
            <bdi>{line.name}</bdi>
            <span>{money(line.total)}</span>
            {line.modifiers.map((modifier) => (
              <span key={`${modifier.modifier_id} ${modifier.option_id}`} class="paper-more">
                <bdi>{modifier.name}</bdi>{' '}
                {modifier.price_delta === 0 ? '' : formatDifference(modifier.price_delta, sale.currency)}
              </span>
            ))}
            {line.note === null ? null : (
              <span class="paper-more">
                <bdi>{line.note}</bdi>
              </span>
            )}
            {line.discount === 0 ? null : (
              <span class="paper-more">
                {text.discount} {money(-line.discount)}
              </span>
            )}
          </li>
        ))}
      </ul>
      <dl class="paper-sums figures">
        <Sum name={isRefund ? text.refunded : text.total} value={money(sale.total)} isTotal />
        {taxParts(sale).map(({ percent, tax, total }) => (
          <Sum
            key={String(percent)}
            name={percent === null ? text.taxWithout : text.taxAt(formatPercent(percent))}
            value={money(percent === null ? total : tax)}
          />
        ))}
        {sale.payments.map((payment, index) => (
          <Payment key={index} payment={payment} money={money} />
        ))}
      </dl>
      <footer class="paper-foot">
        {sale.staff_name === null ? null : <p dir="auto">{text.servedBy(sale.staff_name)}</p>}
        <p>{text.thanks}</p>
        <p class="exact">{sale.id}</p>
      </footer>
    </article>
  );
}

interface PaymentProps {
  readonly payment: Sale['payments'][number];
  readonly money: (amount: number) => string;
}

function Payment({ payment, money }: PaymentProps): VNode {
  const text = strings.receipt;
  return (
    <>
      <Sum name={text[payment.method]} value={money(payment.amount)} />
      {payment.tendered === null ? null : <Sum name={text.given} value={money(payment.tendered)} />}
      {payment.change === null || payment.change === 0 ? null : (
        <Sum name={text.change} value={money(payment.change)} />
      )}
    </>
  );
}

interface SumProps {
  readonly name: string;
  readonly value: string;
  readonly isTotal?: boolean;
}

function Sum({ name, value, isTotal = false }: SumProps): VNode {
  return (
    <div class={`paper-sum${isTotal ? ' is-total' : ''}`}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
