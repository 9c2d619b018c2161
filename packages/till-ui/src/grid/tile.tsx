import './tile.css';
import type { VNode } from 'preact';
import type { TillProduct } from '../catalog/items.ts';
import type { PriceFlash } from '../catalog/price-flash.ts';
import { formatMoney } from '../format/money.ts';
import { strings } from '../i18n/strings.ts';
import { Icon } from '../ui/icon.tsx';

interface TileProps {
  readonly product: TillProduct;
  /** `#RRGGBB` of its category, or null. */
  readonly color: string | null;
  readonly flash: PriceFlash | undefined;
  readonly tabIndex: 0 | -1;
  readonly onOpen: (productId: string) => void;
  readonly onDetail: (productId: string) => void;
}

/** One product. A price that has just changed flashes once and stands beside the old one for a while. */
export function Tile({ product, color, flash, tabIndex, onOpen, onDetail }: TileProps): VNode {
  const state = `${product.available ? '' : ' is-unavailable'}${flash === undefined ? '' : ' is-changed'}`;
  return (
    <button
      type="button"
      class={`tile${state}`}
      data-testid="tile"
      data-product-id={product.id}
      tabIndex={tabIndex}
      style={color === null ? {} : { '--edge': color }}
      onClick={() => onOpen(product.id)}
      onContextMenu={(event) => {
        event.preventDefault();
        onDetail(product.id);
      }}
    >
      {flash === undefined ? null : <span key={flash.atMs} class="tile-flash" />}
      <span class="tile-name" dir="auto">
        {product.name}
      </span>
      <span class="tile-foot">
        <Marks product={product} />
        <Price product={product} flash={flash} />
      </span>
    </button>
  );
}

function Marks({ product }: { readonly product: TillProduct }): VNode {
  return (
    <span class="tile-marks">
      {product.available ? null : <span class="tile-unavailable">{strings.products.unavailable}</span>}
      {product.available && product.modifierIds.length > 0 ? (
        <span class="tile-options" title={strings.products.hasOptions}>
          <Icon name="options" size={18} />
          <span class="unseen">{strings.products.hasOptions}</span>
        </span>
      ) : null}
    </span>
  );
}

function Price({ product, flash }: Pick<TileProps, 'product' | 'flash'>): VNode {
  if (product.price === null) return <span class="tile-no-price">{strings.products.noPrice}</span>;
  const now = formatMoney(product.price, product.currency);
  if (flash === undefined) return <span class="tile-price figures">{now}</span>;
  const old = formatMoney(flash.oldPrice, flash.oldCurrency);
  return (
    <span class="tile-prices figures">
      <span class="unseen">{strings.products.was(old)}</span>
      <span class="tile-old" aria-hidden="true">
        <s>{old}</s> <span class="arrow">→</span>
      </span>
      <span key={flash.atMs} class="tile-price is-new">
        {now}
      </span>
    </span>
  );
}
