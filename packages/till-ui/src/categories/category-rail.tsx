import './category-rail.css';
import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { isSameShelf, type Shelf, shelfKey } from '../catalog/shelves.ts';
import { SELLING } from '../counter/place.ts';
import { formatNumber } from '../i18n/numbers.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { indexAfterKey } from '../ui/arrow-keys.ts';
import { isRightToLeft } from '../ui/direction.ts';
import { Icon } from '../ui/icon.tsx';

/** The categories: a rail at the side, a row of chips on a small screen. One tab stop; arrows move in it. */
export function CategoryRail(): VNode {
  const { view, counter } = usePage();
  const list = useRef<HTMLUListElement>(null);
  const shelves = view.shelves.value;
  const chosen = shelves.findIndex(({ id }) => isSameShelf(id, view.shelf.value));
  const onKeyDown = (event: KeyboardEvent): void => {
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const from = buttons.findIndex((button) => button === document.activeElement);
    const field = { count: buttons.length, columns: 1, pageRows: 5, rightToLeft: isRightToLeft() };
    const to = from < 0 ? null : indexAfterKey(event.key, from, field);
    if (to === null) return;
    event.preventDefault();
    buttons[to]?.focus();
  };
  return (
    <nav class="rail" aria-label={strings.categories.label}>
      <ul ref={list} class="rail-list" onKeyDown={onKeyDown}>
        {shelves.map((shelf, index) => {
          const isChosen = index === chosen && !view.isSearching.value;
          return (
            <li key={shelfKey(shelf.id)}>
              <button
                type="button"
                class={`shelf${isChosen ? ' is-chosen' : ''}${shelf.category === null ? '' : ' has-edge'}`}
                aria-current={isChosen ? 'true' : undefined}
                data-testid="category"
                tabIndex={index === chosen ? 0 : -1}
                style={{ '--edge': shelf.category?.color ?? 'var(--line-strong)' }}
                onClick={() => {
                  view.choose(shelf.id);
                  counter.go(SELLING);
                }}
              >
                {shelf.id.is === 'often' ? <Icon name="star" size={18} /> : null}
                <span class="shelf-name" dir="auto">
                  {nameOf(shelf)}
                </span>
                <span class="shelf-count figures">{formatNumber(shelf.count)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

export function nameOf(shelf: Shelf): string {
  if (shelf.category !== null) return shelf.category.name;
  return shelf.id.is === 'category' ? shelf.id.id : strings.categories[shelf.id.is];
}
