import './paid.css';
import '../ui/button.css';
import type { VNode } from 'preact';
import type { SaleRow } from '../counter/shapes.ts';
import { formatMoney } from '../format/money.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { SaleStateWord } from '../sales/sale-state.tsx';
import { Icon } from '../ui/icon.tsx';

/** What the last payment came to. It stands in nobody's way: the next product that is tapped begins a new sale. */
export function Paid({ row }: { readonly row: SaleRow }): VNode {
  const { counter } = usePage();
  const { sale } = row;
  const text = strings.paid;
  const given = sale.payments.reduce((sum, { tendered }) => sum + (tendered ?? 0), 0);
  const change = sale.payments.reduce((sum, payment) => sum + (payment.change ?? 0), 0);
  const money = (amount: number): string => formatMoney(amount, sale.currency);
  return (
    <section class="paid is-small" data-testid="paid" aria-label={text.title}>
      <p class="paid-head" role="status">
        <span class="paid-mark">
          <Icon name="check" size={24} />
        </span>
        <span>
          {text.title} <span class="figures">{money(sale.total)}</span>
        </span>
      </p>
      <dl class="paid-sums">
        {given === 0 ? null : (
          <div class="paid-sum">
            <dt>{strings.pay.given}</dt>
            <dd class="figures">{money(given)}</dd>
          </div>
        )}
        <div class="paid-sum is-change">
          <dt>{text.change}</dt>
          <dd class="figures" data-testid="paid-change">
            {money(change)}
          </dd>
        </div>
      </dl>
      <p class="paid-state">
        <SaleStateWord state={row.state} />
      </p>
      <div class="paid-actions">
        <button
          type="button"
          class="button"
          data-testid="paid-receipt"
          onClick={() => counter.go({ is: 'receipt', saleId: sale.id })}
        >
          <Icon name="receipt" /> <span class="paid-receipt-word">{text.receipt}</span>
        </button>
        <button
          type="button"
          class="button paid-print"
          data-testid="paid-print"
          onClick={() => counter.print(sale.id)}
        >
          <Icon name="print" /> <span class="paid-receipt-word">{text.print}</span>
        </button>
        <button type="button" class="button is-main" data-testid="new-sale" onClick={() => counter.newSale()}>
          {text.next}
        </button>
      </div>
    </section>
  );
}
