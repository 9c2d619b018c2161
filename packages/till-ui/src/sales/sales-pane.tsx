import './sales-pane.css';
import '../ui/button.css';
import '../ui/field.css';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { SaleRow } from '../counter/shapes.ts';
import { formatMoney } from '../format/money.ts';
import { formatDateTime } from '../format/time.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Empty } from '../ui/empty.tsx';
import { Icon } from '../ui/icon.tsx';
import { Pane } from '../ui/pane.tsx';
import { SaleStateWord } from './sale-state.tsx';

/** Every sale of this till, newest first, and where each stands. */
export function SalesPane(): VNode {
  const { till, counter, view } = usePage();
  const [query, setQuery] = useState('');
  const text = strings.sales;
  const rows = counter.sales.value.rows;
  const wanted = query.trim();
  const found = wanted === '' ? rows : rows.filter(({ sale }) => sale.receipt_number.includes(wanted));
  const unsent = till.state.value?.unsent_sales ?? 0;
  return (
    <Pane
      wide
      testId="sales"
      title={text.title}
      back={text.back}
      onBack={() => counter.go({ is: 'selling' })}
      side={
        <input
          class="field-input sales-search figures"
          type="text"
          inputMode="numeric"
          aria-label={text.search}
          placeholder={text.search}
          data-testid="sales-search"
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      }
    >
      <div class="sales-sum">
        <p role="status" data-testid="sales-waiting">
          {unsent === 0 ? text.allSent : text.waiting(unsent)}
        </p>
        {unsent === 0 ? null : (
          <button
            type="button"
            class="button"
            data-testid="open-export"
            onClick={() => {
              view.sheet.value = { is: 'export' };
            }}
          >
            <Icon name="file" /> {text.export}
          </button>
        )}
      </div>
      {found.length === 0 ? (
        <Empty icon="receipt" title={wanted === '' ? text.none : text.nothingFound} hint={text.noneHint} />
      ) : (
        <ul class="sales-list">
          {found.map((row) => (
            <li key={row.sale.id}>
              <Row row={row} />
            </li>
          ))}
        </ul>
      )}
      {counter.sales.value.more ? (
        <button type="button" class="button is-wide" onClick={() => counter.olderSales()}>
          {text.more}
        </button>
      ) : null}
    </Pane>
  );
}

function Row({ row }: { readonly row: SaleRow }): VNode {
  const { counter } = usePage();
  const { sale } = row;
  const isRefund = sale.kind === 'refund';
  const names = sale.lines.map(({ name }) => name).join(', ');
  return (
    <div class="sale">
      <button
        type="button"
        class="sale-open"
        data-testid="sale"
        data-sale-id={sale.id}
        onClick={() => counter.go({ is: 'receipt', saleId: sale.id })}
      >
        <span class="sale-number figures">{sale.receipt_number}</span>
        <span class="sale-what">
          <span class="sale-names" dir="auto">
            {isRefund ? `${strings.sales.refund}: ${names}` : names}
          </span>
          <span class="sale-when figures">
            {formatDateTime(sale.sold_at)}
            {sale.staff_name === null ? null : (
              <>
                {' · '}
                <bdi>{sale.staff_name}</bdi>
              </>
            )}
          </span>
          {row.state === 'rejected' ? (
            <span class="sale-why" dir="auto" data-testid="sale-why">
              {row.detail ?? row.code}
            </span>
          ) : null}
        </span>
        <SaleStateWord state={row.state} />
        <span class="sale-total figures">
          {formatMoney(isRefund ? -sale.total : sale.total, sale.currency)}
        </span>
      </button>
      {row.state === 'rejected' ? (
        <button type="button" class="button" data-testid="sale-retry" onClick={() => counter.retry(sale.id)}>
          <Icon name="catching_up" /> {strings.sales.retry}
        </button>
      ) : null}
    </div>
  );
}
