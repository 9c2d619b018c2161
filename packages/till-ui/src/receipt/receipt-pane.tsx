import './receipt-pane.css';
import '../ui/button.css';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { EMPTY_CATALOG } from '../catalog/catalog.ts';
import type { SaleRow } from '../counter/shapes.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { SaleStateWord } from '../sales/sale-state.tsx';
import { Icon } from '../ui/icon.tsx';
import { Pane } from '../ui/pane.tsx';
import { Paper } from './paper.tsx';

interface ReceiptProps {
  readonly saleId: string;
  /** Whether it was opened to be printed at once. */
  readonly print: boolean;
}

/** One sale or refund as its receipt, with where it stands and what can be done. */
export function ReceiptPane({ saleId, print }: ReceiptProps): VNode {
  const { till, counter, view } = usePage();
  const row = counter.shownSale(saleId).value;
  const text = strings.receipt;
  const { tables } = till.catalog.catalog.value ?? EMPTY_CATALOG;
  useEffect(() => {
    if (!print || row === null) return;
    window.print();
    counter.printed();
  }, [print, row === null]);
  return (
    <Pane
      wide
      testId="receipt"
      title={row === null ? text.loading : titleOf(row)}
      back={text.back}
      onBack={() => counter.back()}
      foot={
        row === null ? null : (
          <>
            <button type="button" class="button" data-testid="print" onClick={() => window.print()}>
              <Icon name="print" /> {text.print}
            </button>
            {row.sale.kind === 'refund' ? null : (
              <button
                type="button"
                class="button"
                data-testid="open-refund"
                onClick={() => {
                  view.sheet.value = { is: 'refund', saleId };
                }}
              >
                <Icon name="undo" /> {text.refund}
              </button>
            )}
            {row.state === 'rejected' ? (
              <button type="button" class="button" data-testid="retry" onClick={() => counter.retry(saleId)}>
                <Icon name="catching_up" /> {strings.sales.retry}
              </button>
            ) : null}
          </>
        )
      }
    >
      {row === null ? null : (
        <>
          <p class="receipt-facts" role="status">
            <SaleStateWord state={row.state} />
            <span>{row.detail ?? strings.sales.stateHint[row.state]}</span>
          </p>
          <Paper
            sale={row.sale}
            shop={till.state.value?.terminal_name ?? ''}
            tableName={tables.find(({ id }) => id === row.sale.table_id)?.name ?? row.sale.table_id}
            refundOf={row.sale.refund_of}
          />
        </>
      )}
    </Pane>
  );
}

function titleOf({ sale }: SaleRow): string {
  return sale.kind === 'refund'
    ? strings.receipt.refundTitle(sale.receipt_number)
    : strings.receipt.title(sale.receipt_number);
}
