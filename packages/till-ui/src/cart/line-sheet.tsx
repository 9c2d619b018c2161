import '../ui/field.css';
import './line-sheet.css';
import '../ui/button.css';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { OpenOrder, OrderLine } from '../counter/shapes.ts';
import { formatMoney } from '../format/money.ts';
import { formatNumber } from '../i18n/numbers.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { useNewPrice } from './cart-line.tsx';
import { DiscountChoice } from './discount-choice.tsx';

interface LineSheetProps {
  readonly order: OpenOrder;
  readonly line: OrderLine;
  readonly onClose: () => void;
}

const NOTE_MAX = 200;

/** All that can be done to one line. Each change holds at once. */
export function LineSheet({ order, line, onClose }: LineSheetProps): VNode {
  const { till, counter } = usePage();
  const text = strings.line;
  const index = order.lines.indexOf(line);
  const product = till.catalog.catalog.value?.products.get(line.product_id);
  const currency = order.currency ?? '';
  const now = useNewPrice(line, currency);
  const setQuantity = (quantity: number): void => {
    if (quantity < 1) {
      counter.removeLine(line.line_id);
      onClose();
    } else counter.setQuantity(line.line_id, quantity);
  };
  return (
    <Sheet
      testId="line-sheet"
      title={<bdi>{line.name}</bdi>}
      onClose={onClose}
      foot={
        <div class="line-foot">
          <button
            type="button"
            class="button"
            data-testid="remove-line"
            onClick={() => {
              counter.removeLine(line.line_id);
              onClose();
            }}
          >
            <Icon name="trash" /> {text.remove}
          </button>
          <button type="button" class="button is-main" data-testid="line-done" onClick={onClose}>
            {text.done}
          </button>
        </div>
      }
    >
      <p class="line-price figures">
        <span>{text.each(formatMoney(order.totals.lines[index]?.unit ?? line.unit_price, currency))}</span>
        <strong>{formatMoney(order.totals.lines[index]?.total ?? 0, currency)}</strong>
      </p>
      {now === null ? null : <p class="line-keeps">{text.priceNow(now)}</p>}
      <div class="stepper" role="group" aria-label={text.quantity}>
        <button
          type="button"
          class="stepper-key"
          data-testid="less"
          aria-label={text.less}
          onClick={() => setQuantity(line.quantity - 1)}
        >
          <Icon name="minus" size={26} />
        </button>
        <output class="stepper-value figures" data-testid="quantity">
          {formatNumber(line.quantity)}
        </output>
        <button
          type="button"
          class="stepper-key"
          data-testid="more"
          aria-label={text.more}
          onClick={() => setQuantity(line.quantity + 1)}
        >
          <Icon name="plus" size={26} />
        </button>
      </div>
      {product === undefined || product.modifierIds.length === 0 ? null : (
        <button
          type="button"
          class="button is-wide line-part"
          data-testid="change-options"
          onClick={() => {
            counter.go({ is: 'options', productId: line.product_id, lineId: line.line_id, one: false });
            onClose();
          }}
        >
          <Icon name="options" /> {text.options}
        </button>
      )}
      <Note line={line} />
      <DiscountChoice
        title={text.discount}
        discount={line.discount}
        currency={currency}
        onChoose={(discount) => counter.discountLine(line.line_id, discount)}
      />
    </Sheet>
  );
}

function Note({ line }: { readonly line: OrderLine }): VNode {
  const { counter } = usePage();
  const [note, setNote] = useState(line.note ?? '');
  const keep = (): void => {
    const next = note.trim() === '' ? null : note.trim();
    if (next !== line.note) counter.noteLine(line.line_id, next);
  };
  return (
    <label class="field line-part">
      <span class="field-name">{strings.line.note}</span>
      <input
        class="field-input"
        type="text"
        dir="auto"
        maxLength={NOTE_MAX}
        placeholder={strings.line.notePlaceholder}
        data-testid="note"
        value={note}
        onInput={(event) => setNote(event.currentTarget.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === 'Enter') keep();
        }}
      />
    </label>
  );
}
