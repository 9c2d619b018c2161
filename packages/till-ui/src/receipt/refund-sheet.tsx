import '../cart/line-sheet.css';
import './refund-sheet.css';
import '../ui/button.css';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { SaleRow } from '../counter/shapes.ts';
import { formatMoney } from '../format/money.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { leftOf, refundTotal } from './refundable.ts';

interface RefundProps {
  readonly row: SaleRow;
  /** The refunds of this sale that were made before. */
  readonly earlier: readonly SaleRow[];
  readonly onClose: () => void;
}

/** What of a receipt is given back, line by line; never more than was sold and not given back before. */
export function RefundSheet({ row, earlier, onClose }: RefundProps): VNode {
  const { counter } = usePage();
  const text = strings.refund;
  const left = leftOf(row.sale, earlier);
  const [back, setBack] = useState<ReadonlyMap<number, number>>(new Map());
  const amount = refundTotal(row.sale, earlier, back);
  const none = [...back.values()].every((quantity) => quantity === 0);
  const set = (index: number, quantity: number): void => {
    setBack(new Map([...back, [index, Math.min(Math.max(0, quantity), left[index] ?? 0)]]));
  };
  const give = (method: 'cash' | 'card'): void => {
    const lines = [...back].filter(([, quantity]) => quantity > 0);
    counter.refund(
      row.sale.id,
      lines.map(([index, quantity]) => ({ index, quantity })),
      method,
    );
    onClose();
  };
  if (left.every((quantity) => quantity === 0)) {
    return (
      <Sheet testId="refund-sheet" title={text.title} onClose={onClose}>
        <p>{text.nothing}</p>
      </Sheet>
    );
  }
  return (
    <Sheet
      testId="refund-sheet"
      title={text.title}
      onClose={onClose}
      foot={
        <div class="line-foot">
          <button
            type="button"
            class="button"
            data-testid="refund-card"
            disabled={none}
            onClick={() => give('card')}
          >
            <Icon name="card" /> {text.card}
          </button>
          <button
            type="button"
            class="button is-main"
            data-testid="refund-cash"
            disabled={none}
            onClick={() => give('cash')}
          >
            <Icon name="cash" /> {text.cash}
          </button>
        </div>
      }
    >
      <p class="line-price figures">
        <span>{text.hint}</span>
        <strong data-testid="refund-total">{formatMoney(amount, row.sale.currency)}</strong>
      </p>
      <button
        type="button"
        class="button is-wide line-part"
        data-testid="refund-all"
        onClick={() => setBack(new Map(left.map((quantity, index) => [index, quantity] as const)))}
      >
        {text.all}
      </button>
      <ul class="line-part">
        {row.sale.lines.map((line, index) => (
          <li key={`${index} ${line.product_id}`} class="refund-line">
            <span class="refund-name">
              <bdi>{line.name}</bdi>
              <span class="refund-of figures">{text.of(back.get(index) ?? 0, left[index] ?? 0)}</span>
            </span>
            <button
              type="button"
              class="stepper-key refund-key"
              aria-label={`${strings.line.less}: ${line.name}`}
              onClick={() => set(index, (back.get(index) ?? 0) - 1)}
            >
              <Icon name="minus" />
            </button>
            <button
              type="button"
              class="stepper-key refund-key"
              data-testid="refund-more"
              aria-label={`${strings.line.more}: ${line.name}`}
              onClick={() => set(index, (back.get(index) ?? 0) + 1)}
            >
              <Icon name="plus" />
            </button>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
