import '../ui/field.css';
import './line-sheet.css';
import '../ui/button.css';
import type { VNode } from 'preact';
import type { OpenOrder } from '../counter/shapes.ts';
import { formatMoney } from '../format/money.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Sheet } from '../ui/sheet.tsx';
import { DiscountChoice } from './discount-choice.tsx';

interface DiscountSheetProps {
  readonly order: OpenOrder;
  readonly onClose: () => void;
}

/** A discount on the whole order. */
export function DiscountSheet({ order, onClose }: DiscountSheetProps): VNode {
  const { counter } = usePage();
  const currency = order.currency ?? '';
  return (
    <Sheet
      testId="discount-sheet"
      title={strings.discount.title}
      onClose={onClose}
      foot={
        <button type="button" class="button is-main is-wide" onClick={onClose}>
          {strings.line.done}
        </button>
      }
    >
      <p class="line-price figures">
        <span>{strings.cart.total}</span>
        <strong>{formatMoney(order.totals.total, currency)}</strong>
      </p>
      <DiscountChoice
        title={strings.cart.discount}
        discount={order.discount}
        currency={currency}
        onChoose={(discount) => counter.discountOrder(discount)}
      />
    </Sheet>
  );
}
