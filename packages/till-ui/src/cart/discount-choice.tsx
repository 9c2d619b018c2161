import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { Discount } from '../counter/shapes.ts';
import { digitsOf } from '../format/minor.ts';
import { formatPercent } from '../i18n/numbers.ts';
import { strings } from '../i18n/strings.ts';
import { decimalIn } from './decimal.ts';

interface DiscountProps {
  readonly title: string;
  readonly discount: Discount | null;
  readonly currency: string;
  readonly onChoose: (discount: Discount | null) => void;
}

const PERCENTS = [5, 10, 20, 50];

/** No discount, one of the usual parts, or an amount. A discount above the sum is refused by the till in words. */
export function DiscountChoice({ title, discount, currency, onChoose }: DiscountProps): VNode {
  const text = strings.discount;
  const [entered, setEntered] = useState(discount?.kind === 'amount' ? String(discount.value) : '');
  const amount = decimalIn(entered, digitsOf(currency));
  const apply = (): void => {
    if (amount !== null && amount > 0) onChoose({ kind: 'amount', value: amount });
  };
  return (
    <fieldset class="discounts line-part">
      <legend class="field-name">{title}</legend>
      <div class="discount-parts">
        <Part isChosen={discount === null} name={text.none} onTap={() => onChoose(null)} />
        {PERCENTS.map((percent) => (
          <Part
            key={percent}
            isChosen={discount?.kind === 'percent' && discount.value === percent}
            name={text.off(formatPercent(percent))}
            onTap={() => onChoose({ kind: 'percent', value: percent })}
          />
        ))}
      </div>
      <div class="discount-amount">
        <label class="field">
          <span class="unseen">{text.amount}</span>
          <input
            class="field-input figures"
            type="text"
            inputMode="decimal"
            placeholder={`${text.amount}, ${currency}`}
            data-testid="discount-amount"
            value={entered}
            onInput={(event) => setEntered(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') apply();
            }}
          />
        </label>
        <button
          type="button"
          class="button"
          data-testid="discount-apply"
          disabled={amount === null || amount <= 0}
          onClick={apply}
        >
          {text.apply}
        </button>
      </div>
    </fieldset>
  );
}

interface PartProps {
  readonly isChosen: boolean;
  readonly name: string;
  readonly onTap: () => void;
}

function Part({ isChosen, name, onTap }: PartProps): VNode {
  return (
    <button
      type="button"
      class={`discount-part figures${isChosen ? ' is-chosen' : ''}`}
      data-testid="discount-part"
      aria-pressed={isChosen}
      onClick={onTap}
    >
      {name}
    </button>
  );
}
