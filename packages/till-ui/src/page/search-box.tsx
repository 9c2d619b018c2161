import './search-box.css';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isForSale } from '../catalog/items.ts';
import { soleMatch } from '../catalog/search.ts';
import { SELLING } from '../counter/place.ts';
import { strings } from '../i18n/strings.ts';
import { Icon } from '../ui/icon.tsx';
import { usePage } from './context.ts';
import { searchKey } from './search-keys.ts';

/** Search by typing or by a scanner, which types a code and Enter wherever the focus is. `/` goes to it. */
export function SearchBox(): VNode {
  const { counter, view } = usePage();
  const input = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const { current } = input;
      if (current === null || view.sheet.peek().is !== 'none') return;
      // There, digits are money or a PIN.
      if (counter.place.peek().is === 'pay' || counter.locked.peek()) return;
      const act = searchKey(event, document.activeElement);
      if (act === 'none') return;
      if (act === 'focus') event.preventDefault();
      // A key that is typed goes where the focus is when its event ends: into the search.
      current.focus();
      current.select();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [view, counter]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') view.query.value = '';
    if (event.key !== 'Enter') return;
    const query = view.query.value.trim();
    const product = soleMatch(view.products.value, query);
    if (product === null) {
      if (query !== '' && view.products.value.length === 0)
        counter.tell(strings.search.scannedNothing(query));
      input.current?.select();
      return;
    }
    if (counter.ready.value && !counter.locked.value && isForSale(product)) {
      view.query.value = '';
      counter.tap(product.id);
    } else {
      input.current?.select();
      view.sheet.value = { is: 'product', productId: product.id };
    }
  };

  return (
    <search class="search">
      <span class="search-icon">
        <Icon name="search" size={22} />
      </span>
      <input
        ref={input}
        class="search-input"
        type="text"
        inputMode="search"
        enterkeyhint="search"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        dir="auto"
        aria-label={strings.search.label}
        aria-keyshortcuts="/"
        placeholder={strings.search.placeholder}
        data-testid="search"
        value={view.query.value}
        onInput={(event) => {
          view.query.value = event.currentTarget.value;
          // What is found stands where the products are.
          if (counter.place.value.is !== 'selling') counter.go(SELLING);
        }}
        onKeyDown={onKeyDown}
      />
      {view.query.value === '' ? (
        <kbd class="search-key" aria-hidden="true">
          /
        </kbd>
      ) : (
        <button
          type="button"
          class="search-clear"
          aria-label={strings.search.clear}
          onClick={() => {
            view.query.value = '';
            input.current?.focus();
          }}
        >
          <Icon name="close" size={22} />
        </button>
      )}
    </search>
  );
}
