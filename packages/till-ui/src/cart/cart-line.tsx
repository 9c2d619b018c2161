import type { VNode } from 'preact';
import type { Discount, OrderLine } from '../counter/shapes.ts';
import { formatDifference, formatMoney } from '../format/money.ts';
import { formatPercent } from '../i18n/numbers.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';

interface CartLineProps {
  readonly currency: string;
  readonly line: OrderLine;
  /** As the wire carries it, its own discount taken off. */
  readonly total: number;
}

/** One line of the order; a tap opens what can be done to it. */
export function CartLine({ line, total, currency }: CartLineProps): VNode {
  const { counter, view } = usePage();
  const isNew = counter.touched.value === line.line_id;
  return (
    <button
      type="button"
      class={`cart-line${isNew ? ' is-new' : ''}`}
      data-testid="cart-line"
      data-line-id={line.line_id}
      onClick={() => {
        view.sheet.value = { is: 'line', lineId: line.line_id };
      }}
    >
      <span class={`line-quantity figures${line.quantity > 1 ? ' is-many' : ''}`}>
        {strings.cart.quantity(line.quantity)}
      </span>
      <bdi class="line-name">{line.name}</bdi>
      <span class="line-total figures" data-testid="line-total">
        {formatMoney(total, currency)}
      </span>
      {line.modifiers.map((modifier) => (
        <span key={`${modifier.modifier_id} ${modifier.option_id}`} class="line-more">
          <bdi>{modifier.name}</bdi>
          <span class="figures">
            {modifier.price_delta === 0 ? '' : formatDifference(modifier.price_delta, currency)}
          </span>
        </span>
      ))}
      {line.note === null ? null : (
        <span class="line-more">
          <bdi>“{line.note}”</bdi>
        </span>
      )}
      {line.discount === null ? null : (
        <span class="line-more">
          <span>{strings.line.discount}</span>
          <span class="figures">{discountText(line.discount, currency)}</span>
        </span>
      )}
      <NowCosts line={line} currency={currency} />
    </button>
  );
}

/** What the product costs by now, when it is another price than the line's, which it keeps. */
function NowCosts({ line, currency }: Pick<CartLineProps, 'line' | 'currency'>): VNode | null {
  const now = useNewPrice(line, currency);
  if (now === null) return null;
  return (
    <span class="line-now figures" data-testid="line-now">
      {strings.cart.nowCosts(now)}
    </span>
  );
}

/** The product's price of now in words; null when it is still the line's. */
export function useNewPrice(line: OrderLine, currency: string): string | null {
  const { till } = usePage();
  const product = till.catalog.catalog.value?.products.get(line.product_id);
  if (product === undefined || product.price === null) return null;
  if (product.price === line.unit_price && product.currency === currency) return null;
  return formatMoney(product.price, product.currency);
}

export function discountText(discount: Discount, currency: string): string {
  return discount.kind === 'percent'
    ? strings.discount.off(formatPercent(discount.value))
    : formatMoney(-discount.value, currency);
}
