import './cart.css';
import '../ui/button.css';
import type { VNode } from 'preact';
import { EMPTY_CATALOG } from '../catalog/catalog.ts';
import type { OpenOrder } from '../counter/shapes.ts';
import { formatMoney } from '../format/money.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Paid } from '../pay/paid.tsx';
import { Empty } from '../ui/empty.tsx';
import { Icon } from '../ui/icon.tsx';
import { CartLine } from './cart-line.tsx';

/**
 * The order: a column at the end of the page, on a small screen a bar at its foot that opens to a sheet. The total
 * and Pay are always in sight. After a payment its change stands here until the next product is tapped.
 */
export function Cart(): VNode {
  const { counter, view } = usePage();
  const order = counter.order.value;
  const paid = counter.paid.value;
  const isShown = view.cartShown.value && paid === null;
  return (
    <aside class={`cart${isShown ? ' is-shown' : ''}`} aria-label={strings.cart.label} data-testid="cart">
      {paid === null ? (
        <>
          <CartHead order={order} />
          <Lines order={order} />
          <CartFoot order={order} />
          <CartBar order={order} isShown={isShown} />
        </>
      ) : (
        <Paid row={paid} />
      )}
    </aside>
  );
}

function CartHead({ order }: { readonly order: OpenOrder | null }): VNode {
  const { till, counter } = usePage();
  const tables = (till.catalog.catalog.value ?? EMPTY_CATALOG).tables;
  const tableId = order?.table_id ?? null;
  const others = counter.open.value.filter(({ id, lines }) => id !== order?.id && lines.length > 0).length;
  const staff = counter.session.value?.staff?.name;
  const title =
    tableId === null
      ? strings.cart.counter
      : strings.cart.table(tables.find(({ id }) => id === tableId)?.name ?? tableId);
  const sub = [staff, ...(others === 0 ? [] : [strings.cart.openOrders(others)])].filter(Boolean).join(' · ');
  return (
    <header class="cart-head">
      <button
        type="button"
        class="cart-where"
        data-testid="cart-where"
        title={strings.cart.orders}
        onClick={() => counter.go({ is: 'tables' })}
      >
        <Icon name="table" size={22} />
        <span class="cart-where-words">
          <span class="cart-title" dir="auto">
            {title}
          </span>
          <span class="cart-sub">{sub === '' ? strings.cart.orders : <bdi>{sub}</bdi>}</span>
        </span>
      </button>
    </header>
  );
}

function Lines({ order }: { readonly order: OpenOrder | null }): VNode {
  const { counter } = usePage();
  if (order === null || order.lines.length === 0) {
    return (
      <div class="cart-lines">
        <Empty icon="receipt" title={strings.cart.empty} hint={strings.cart.emptyHint} />
      </div>
    );
  }
  return (
    <ol class="cart-lines" data-testid="cart-lines" ref={scrollToNewest(counter.touched.value)}>
      {order.lines.map((line, index) => (
        <li key={line.line_id}>
          <CartLine
            currency={order.currency ?? ''}
            line={line}
            total={order.totals.lines[index]?.total ?? 0}
          />
        </li>
      ))}
    </ol>
  );
}

/** Brings the line that was just added or changed into sight. */
function scrollToNewest(lineId: string | null): (list: HTMLElement | null) => void {
  return (list) => {
    if (lineId === null) return;
    list?.querySelector(`[data-line-id="${CSS.escape(lineId)}"]`)?.scrollIntoView({ block: 'nearest' });
  };
}

function CartFoot({ order }: { readonly order: OpenOrder | null }): VNode {
  const { counter, view } = usePage();
  const isEmpty = order === null || order.lines.length === 0;
  const money = (amount: number): string =>
    order === null || order.currency === null ? '' : formatMoney(amount, order.currency);
  const taken = order === null ? 0 : order.totals.discount;
  return (
    <footer class="cart-foot">
      <dl class="cart-sums">
        {taken === 0 ? null : (
          <div class="cart-sum">
            <dt>{strings.cart.discount}</dt>
            <dd class="figures" data-testid="cart-discount">
              {money(-taken)}
            </dd>
          </div>
        )}
        {order === null || order.totals.tax === 0 ? null : (
          <div class="cart-sum">
            <dt>{strings.cart.taxIncluded}</dt>
            <dd class="figures">{money(order.totals.tax)}</dd>
          </div>
        )}
        <div class="cart-sum is-total">
          <dt>{strings.cart.total}</dt>
          <dd class="figures" aria-live="polite" data-testid="cart-total">
            {isEmpty ? '–' : money(order.totals.total)}
          </dd>
        </div>
      </dl>
      <div class="cart-actions">
        <button
          type="button"
          class="button cart-discount"
          data-testid="add-discount"
          disabled={isEmpty}
          onClick={() => {
            view.sheet.value = { is: 'discount' };
          }}
        >
          {strings.cart.addDiscount}
        </button>
        <PayButton order={order} onPay={() => counter.go({ is: 'pay' })} />
      </div>
    </footer>
  );
}

function PayButton({
  order,
  onPay,
}: {
  readonly order: OpenOrder | null;
  readonly onPay: () => void;
}): VNode {
  const isEmpty = order === null || order.lines.length === 0;
  return (
    <button
      type="button"
      class="button is-main pay-button figures"
      data-testid="pay-button"
      disabled={isEmpty}
      onClick={onPay}
    >
      {isEmpty || order.currency === null
        ? strings.cart.pay
        : strings.cart.payAmount(formatMoney(order.totals.total, order.currency))}
    </button>
  );
}

/** What of the order is seen on a small screen while its lines are not. */
function CartBar({ order, isShown }: { readonly order: OpenOrder | null; readonly isShown: boolean }): VNode {
  const { counter, view } = usePage();
  const count = order?.lines.reduce((sum, { quantity }) => sum + quantity, 0) ?? 0;
  return (
    <div class="cart-bar">
      <button
        type="button"
        class="cart-show"
        data-testid="cart-show"
        aria-expanded={isShown}
        onClick={() => {
          view.cartShown.value = !isShown;
        }}
      >
        <Icon name="up" size={22} />
        <span class="unseen">{isShown ? strings.cart.hide : strings.cart.show}</span>
        <span class="cart-where-words">
          <span class="cart-title">{count === 0 ? strings.cart.empty : strings.counts.item(count)}</span>
          <span class="cart-sub" dir="auto">
            {order?.lines.at(-1)?.name ?? strings.cart.emptyHint}
          </span>
        </span>
      </button>
      <PayButton
        order={order}
        onPay={() => {
          view.cartShown.value = false;
          counter.go({ is: 'pay' });
        }}
      />
    </div>
  );
}
