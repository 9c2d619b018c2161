import './product-sheet.css';
import type { ComponentChildren, VNode } from 'preact';
import { type Catalog, EMPTY_CATALOG } from '../catalog/catalog.ts';
import type { TillModifier, TillProduct } from '../catalog/items.ts';
import { formatDifference, formatMoney } from '../format/money.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Sheet } from '../ui/sheet.tsx';

interface ProductSheetProps {
  readonly productId: string;
  readonly onClose: () => void;
}

/** All that the catalog says of one product, as it is now. */
export function ProductSheet({ productId, onClose }: ProductSheetProps): VNode {
  const catalog = usePage().till.catalog.catalog.value ?? EMPTY_CATALOG;
  const product = catalog.products.get(productId);
  return (
    <Sheet testId="product-sheet" title={product?.name ?? productId} onClose={onClose}>
      {product === undefined ? (
        <p class="detail-gone">{strings.detail.gone}</p>
      ) : (
        <Detail product={product} catalog={catalog} />
      )}
    </Sheet>
  );
}

function Detail({ product, catalog }: { readonly product: TillProduct; readonly catalog: Catalog }): VNode {
  const text = strings.detail;
  const category = catalog.categories.find(({ id }) => id === product.categoryId);
  const modifiers = product.modifierIds.flatMap((id) => catalog.modifiers.get(id) ?? []);
  return (
    <>
      <p class="detail-price figures" data-testid="detail-price">
        {product.price === null ? strings.products.noPrice : formatMoney(product.price, product.currency)}
        {product.available ? null : <span class="detail-unavailable">{strings.products.unavailable}</span>}
      </p>
      {modifiers.map((modifier) => (
        <Options key={modifier.id} modifier={modifier} />
      ))}
      <dl class="facts">
        <Fact name={text.sku}>
          <span class="exact">{product.id}</span>
        </Fact>
        {product.barcode === null ? null : (
          <Fact name={text.barcode}>
            <span class="exact">{product.barcode}</span>
          </Fact>
        )}
        {category === undefined ? null : (
          <Fact name={text.category}>
            <bdi>{category.name}</bdi>
          </Fact>
        )}
        {product.taxPercent === null ? null : (
          <Fact name={text.tax}>{text.taxPercent(product.taxPercent)}</Fact>
        )}
      </dl>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): VNode {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd class="figures">{children}</dd>
    </div>
  );
}

function Options({ modifier }: { readonly modifier: TillModifier }): VNode {
  return (
    <section class="options" data-testid="modifier">
      <h3 class="options-head">
        <bdi class="options-name">{modifier.name}</bdi>
        <span class="options-rule">{strings.detail.choose(modifier.minChoices, modifier.maxChoices)}</span>
      </h3>
      <ul>
        {modifier.options.map((option) => (
          <li key={option.id} class="option">
            <bdi>{option.name}</bdi>
            <span class={`figures${option.priceDelta === 0 ? ' option-included' : ''}`}>
              {option.priceDelta === 0
                ? strings.detail.included
                : formatDifference(option.priceDelta, modifier.currency)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
