import './options-pane.css';
import '../ui/button.css';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { TillModifier, TillOption, TillProduct } from '../catalog/items.ts';
import type { OrderLine } from '../counter/shapes.ts';
import { formatDifference, formatMoney } from '../format/money.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';
import { Pane } from '../ui/pane.tsx';
import { afterTap, type Choices, choicesOf, firstChoices, firstLacking, isDone, listed } from './choices.ts';

interface OptionsProps {
  readonly product: TillProduct;
  readonly groups: readonly TillModifier[];
  /** The line that is being changed; null while it is not in the order yet, for want of a choice. */
  readonly line: OrderLine | null;
}

/**
 * The options of what was just tapped, in the place of the products. A line stands in the order as soon as it can
 * be sold, and follows each tap; so Pay is one tap away at any time. It closes by itself when all is chosen.
 */
export function OptionsPane({ product, groups, line }: OptionsProps): VNode {
  const { counter } = usePage();
  const [choices, setChoices] = useState<Choices>(() =>
    line === null ? firstChoices(groups) : choicesOf(groups, line.modifiers),
  );
  const [tapped, setTapped] = useState<ReadonlySet<string>>(new Set());
  const lacking = firstLacking(groups, choices);
  const close = (): void => counter.go({ is: 'selling' });

  const tap = (group: TillModifier, option: TillOption): void => {
    const next = afterTap(choices, group, option.id);
    const nextTapped = new Set([...tapped, group.id]);
    setChoices(next);
    setTapped(nextTapped);
    if (firstLacking(groups, next) === null) counter.choose(listed(groups, next));
    if (isDone(groups, next, nextTapped)) close();
  };

  return (
    <Pane
      testId="options"
      title={<bdi>{product.name}</bdi>}
      label={strings.options.label(product.name)}
      back={strings.options.cancel}
      onBack={close}
      side={product.price === null ? null : formatMoney(product.price, product.currency)}
      foot={
        lacking === null ? (
          <button type="button" class="button is-main is-wide" data-testid="options-done" onClick={close}>
            <Icon name="check" /> {strings.options.done}
          </button>
        ) : (
          <p class="options-lacking" role="status">
            {strings.options.chooseFirst(lacking.name)}
          </p>
        )
      }
    >
      {groups.map((group) => (
        <Group
          key={group.id}
          group={group}
          chosen={choices.get(group.id) ?? []}
          onTap={(option) => tap(group, option)}
        />
      ))}
    </Pane>
  );
}

interface GroupProps {
  readonly group: TillModifier;
  readonly chosen: readonly string[];
  readonly onTap: (option: TillOption) => void;
}

function Group({ group, chosen, onTap }: GroupProps): VNode {
  const single = group.maxChoices === 1;
  const full = !single && chosen.length >= group.maxChoices;
  const lacking = chosen.length < group.minChoices;
  const id = `group-${group.id}`;
  return (
    <section class="group" data-testid="modifier" aria-labelledby={id}>
      <h2 id={id} class="group-head">
        <bdi>{group.name}</bdi>
        <span class={`group-rule${lacking ? ' is-lacking' : ''}`}>
          {strings.detail.choose(group.minChoices, group.maxChoices)}
        </span>
      </h2>
      <ul class="choices">
        {group.options.map((option) => {
          const isChosen = chosen.includes(option.id);
          return (
            <li key={option.id}>
              <button
                type="button"
                class={`choice${isChosen ? ' is-chosen' : ''}`}
                data-testid="choice"
                data-option-id={option.id}
                aria-pressed={isChosen}
                aria-disabled={full && !isChosen}
                onClick={() => onTap(option)}
              >
                <span class="choice-name">
                  {isChosen ? <Icon name="check" size={18} /> : null}
                  <bdi>{option.name}</bdi>
                </span>
                <span class="choice-price figures">
                  {option.priceDelta === 0
                    ? strings.detail.included
                    : formatDifference(option.priceDelta, group.currency)}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
