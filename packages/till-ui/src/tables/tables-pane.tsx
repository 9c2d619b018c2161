import './tables-pane.css';
import '../ui/button.css';
import type { VNode } from 'preact';
import { EMPTY_CATALOG } from '../catalog/catalog.ts';
import type { OpenOrder } from '../counter/shapes.ts';
import { formatMoney } from '../format/money.ts';
import { formatShortTime } from '../format/time.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';
import { Pane } from '../ui/pane.tsx';
import { areasOf, type TableView, tableViews } from './table-views.ts';

/** Where an order is put, and those that are still open. */
export function TablesPane(): VNode {
  const { till, counter } = usePage();
  const { tables } = till.catalog.catalog.value ?? EMPTY_CATALOG;
  const orders = counter.open.value;
  const current = counter.order.value;
  const parked = orders.filter((order) => order.table_id === null && order.lines.length > 0);
  const text = strings.tables;
  const pick = (view: TableView): void => {
    counter.toTable(view.table.id);
  };
  return (
    <Pane
      wide
      testId="tables"
      title={text.title}
      back={text.back}
      onBack={() => counter.go({ is: 'selling' })}
    >
      <section class="places">
        <ul class="tables">
          <li>
            <button
              type="button"
              class="table is-counter"
              data-testid="new-counter-sale"
              onClick={() => counter.newOrder()}
            >
              <span class="table-name">
                <Icon name="plus" size={18} /> {text.counter}
              </span>
            </button>
          </li>
          {parked.map((order) => (
            <li key={order.id}>
              <OrderTile
                order={order}
                isCurrent={order.id === current?.id}
                onPick={() => counter.pick(order.id)}
              />
            </li>
          ))}
        </ul>
      </section>
      {areasOf(tableViews(tables, orders)).map(({ area, views }) => (
        <section key={area ?? ''} class="places" aria-labelledby={`area-${area ?? ''}`}>
          <h2 id={`area-${area ?? ''}`} class="places-title" dir="auto">
            {area ?? text.noArea}
          </h2>
          <ul class="tables">
            {views.map((view) => (
              <li key={view.table.id}>
                <TableTile
                  view={view}
                  isCurrent={view.order !== null && view.order.id === current?.id}
                  onPick={pick}
                />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Pane>
  );
}

interface TableTileProps {
  readonly view: TableView;
  readonly isCurrent: boolean;
  readonly onPick: (view: TableView) => void;
}

function TableTile({ view, isCurrent, onPick }: TableTileProps): VNode {
  const { table, order } = view;
  const isTaken = order !== null && order.lines.length > 0;
  return (
    <button
      type="button"
      class={`table${isTaken ? ' is-taken' : ''}${isCurrent ? ' is-current' : ''}`}
      data-testid="table"
      data-table-id={table.id}
      aria-current={isCurrent ? 'true' : undefined}
      onClick={() => onPick(view)}
    >
      <span class="table-name" dir="auto">
        {table.name}
      </span>
      <span class="table-foot">
        {isTaken ? <OrderFacts order={order} /> : <span>{strings.counts.seat(table.seats)}</span>}
      </span>
    </button>
  );
}

interface OrderTileProps {
  readonly order: OpenOrder;
  readonly isCurrent: boolean;
  readonly onPick: () => void;
}

function OrderTile({ order, isCurrent, onPick }: OrderTileProps): VNode {
  return (
    <button
      type="button"
      class={`table is-taken${isCurrent ? ' is-current' : ''}`}
      data-testid="parked"
      aria-current={isCurrent ? 'true' : undefined}
      onClick={onPick}
    >
      <span class="table-name">{strings.cart.counter}</span>
      <span class="table-foot">
        <OrderFacts order={order} />
      </span>
    </button>
  );
}

function OrderFacts({ order }: { readonly order: OpenOrder }): VNode {
  return (
    <>
      <span class="figures">{formatShortTime(order.opened_at)}</span>
      <span class="table-sum figures">
        {order.currency === null ? '' : formatMoney(order.totals.total, order.currency)}
      </span>
    </>
  );
}
