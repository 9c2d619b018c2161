import './product-grid.css';
import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TillCategory, TillProduct } from '../catalog/items.ts';
import type { PriceFlash, PriceFlashes } from '../catalog/price-flash.ts';
import { language, strings } from '../i18n/strings.ts';
import { indexAfterKey } from '../ui/arrow-keys.ts';
import { isRightToLeft } from '../ui/direction.ts';
import { Tile } from './tile.tsx';
import { useSize } from './use-size.ts';
import {
  type GridLayout,
  type GridWindow,
  layoutOf,
  placeOf,
  scrollTopFor,
  TILE_GAP,
  TILE_HEIGHT,
  windowOf,
} from './window.ts';

interface GridProps {
  readonly products: readonly TillProduct[];
  readonly categories: readonly TillCategory[];
  readonly flashes: PriceFlashes;
  readonly onOpen: (productId: string) => void;
  /** All that there is to know of a product: a long press, or the other button of a mouse. */
  readonly onDetail: (productId: string) => void;
}

const ROW_HEIGHT = TILE_HEIGHT + TILE_GAP;

function rowAt(scrollTop: number): number {
  return Math.max(0, Math.floor(scrollTop / ROW_HEIGHT));
}

const NO_WINDOW: GridWindow = { start: 0, end: 0 };

/** All products of a choice, of which only those in sight are drawn. One tab stop; arrows move in it. */
export function ProductGrid({ products, categories, flashes, onOpen, onDetail }: GridProps): VNode {
  const scroller = useRef<HTMLDivElement>(null);
  const size = useSize(scroller);
  // The first row in sight: within a row, scrolling draws nothing anew.
  const [firstRow, setFirstRow] = useState(0);
  const [activeId, setActiveId] = useState<string | null>(null);
  const focusNext = useRef<string | null>(null);

  const count = products.length;
  const layout = layoutOf(count, size?.width ?? 0);
  const shown =
    size === null
      ? NO_WINDOW
      : windowOf(count, layout.columns, firstRow * ROW_HEIGHT, size.height + ROW_HEIGHT);
  const active = Math.max(0, activeId === null ? 0 : products.findIndex(({ id }) => id === activeId));
  const colors = useMemo(
    () => new Map(categories.map(({ id, color }) => [id, color] as const)),
    [categories],
  );

  useLayoutEffect(() => {
    const { current } = focusNext;
    if (current === null) return;
    focusNext.current = null;
    scroller.current?.querySelector<HTMLElement>(`[data-product-id="${CSS.escape(current)}"]`)?.focus({
      preventScroll: true,
    });
  });

  const onKeyDown = (event: KeyboardEvent): void => {
    const { current } = scroller;
    if (current === null || size === null || event.ctrlKey || event.altKey || event.metaKey) return;
    const pageRows = Math.max(1, Math.floor(size.height / (TILE_HEIGHT + TILE_GAP)));
    const field = { count, columns: layout.columns, pageRows, rightToLeft: isRightToLeft() };
    const to = indexAfterKey(event.key, active, field);
    const product = to === null ? undefined : products[to];
    if (to === null || product === undefined) return;
    event.preventDefault();
    current.scrollTop = scrollTopFor(to, layout.columns, current.scrollTop, size.height - 2 * TILE_GAP);
    setFirstRow(rowAt(current.scrollTop));
    setActiveId(product.id);
    focusNext.current = product.id;
  };

  return (
    <div
      ref={scroller}
      class="grid-scroller"
      onScroll={(event) => setFirstRow(rowAt(event.currentTarget.scrollTop))}
    >
      <ul
        class="grid"
        role="list"
        aria-label={strings.products.label}
        style={{ blockSize: `${layout.height}px` }}
        onKeyDown={onKeyDown}
      >
        {indexesOf(shown, active, count).map((index) => {
          const product = products[index];
          if (product === undefined) return null;
          return (
            <Cell
              key={product.id}
              product={product}
              index={index}
              count={count}
              layout={layout}
              color={product.categoryId === null ? null : (colors.get(product.categoryId) ?? null)}
              flash={flashes.get(product.id)}
              isActive={index === active}
              onFocus={setActiveId}
              onOpen={onOpen}
              onDetail={onDetail}
            />
          );
        })}
      </ul>
    </div>
  );
}

interface CellProps {
  readonly product: TillProduct;
  readonly index: number;
  readonly count: number;
  readonly layout: GridLayout;
  readonly color: string | null;
  readonly flash: PriceFlash | undefined;
  readonly isActive: boolean;
  readonly onFocus: (productId: string) => void;
  readonly onOpen: (productId: string) => void;
  readonly onDetail: (productId: string) => void;
}

/** A tile in its place. It is drawn anew when something of it changes: scrolling draws only the rows that come. */
function Cell(props: CellProps): VNode {
  const { product, index, count, layout, color, flash, isActive, onFocus, onOpen, onDetail } = props;
  const { columns, tileWidth } = layout;
  return useMemo(() => {
    const place = placeOf(index, { columns, tileWidth });
    return (
      <li
        class="grid-cell"
        aria-setsize={count}
        aria-posinset={index + 1}
        onFocusIn={() => onFocus(product.id)}
        style={{
          insetBlockStart: `${place.block}px`,
          insetInlineStart: `${place.inline}px`,
          inlineSize: `${tileWidth}px`,
          blockSize: `${TILE_HEIGHT}px`,
        }}
      >
        <Tile
          product={product}
          color={color}
          flash={flash}
          tabIndex={isActive ? 0 : -1}
          onOpen={onOpen}
          onDetail={onDetail}
        />
      </li>
    );
  }, [product, index, count, columns, tileWidth, color, flash, isActive, language.value]);
}

/** The tiles in sight, and the one that holds the focus, which would be lost with its tile. */
function indexesOf({ start, end }: GridWindow, active: number, count: number): readonly number[] {
  const indexes = Array.from({ length: end - start }, (_, offset) => start + offset);
  if (active >= count || (active >= start && active < end) || end === 0) return indexes;
  return active < start ? [active, ...indexes] : [...indexes, active];
}
