import './pay-pane.css';
import '../ui/button.css';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { OpenOrder } from '../counter/shapes.ts';
import { amountOf, digitsOf, minorOf } from '../format/minor.ts';
import { formatMoney } from '../format/money.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';
import { Keypad } from '../ui/keypad.tsx';
import { Pane } from '../ui/pane.tsx';
import { useDigits } from '../ui/use-digits.ts';
import { afterKey, enteredMinor, likelyCash } from './cash.ts';

/** Cash with its change, or a card that was charged at its own machine. One tap for the exact sum. */
export function PayPane({ order }: { readonly order: OpenOrder }): VNode {
  const { counter } = usePage();
  const entered = useSignal('');
  const { totals } = order;
  const currency = order.currency ?? '';
  const dueMinor = minorOf(totals.total, currency);
  const money = (minor: number): string => formatMoney(amountOf(minor, currency), currency);
  const given = enteredMinor(entered.value);
  const isEnough = given !== null && given >= dueMinor;
  const busy = counter.selling.value;
  const takeCash = (minor: number): void => {
    const amount = totals.total;
    counter.pay(
      minor === dueMinor
        ? { method: 'cash', amount }
        : { method: 'cash', amount, tendered: amountOf(minor, currency) },
    );
  };
  const onKey = (key: string): void => {
    if (key !== 'enter') {
      entered.value = afterKey(entered.peek(), key);
      return;
    }
    const minor = enteredMinor(entered.peek());
    if (minor !== null && minor >= dueMinor) takeCash(minor);
  };
  useDigits(onKey);
  return (
    <Pane
      wide
      testId="pay"
      title={strings.pay.title}
      back={strings.pay.back}
      onBack={() => counter.go({ is: 'selling' })}
    >
      <div class="pay">
        <div class="pay-ways">
          <p class="pay-due">
            <span class="pay-due-word">{strings.pay.due}</span>
            <span class="pay-due-sum figures" data-testid="pay-due">
              {money(dueMinor)}
            </span>
          </p>
          <button
            type="button"
            class="button is-main pay-way"
            data-testid="cash-exact"
            aria-disabled={busy}
            onClick={() => takeCash(dueMinor)}
          >
            <Icon name="cash" size={24} />
            <span>{busy ? strings.pay.saving : strings.pay.cashExact}</span>
            <span class="pay-way-sum figures">{money(dueMinor)}</span>
          </button>
          <div class="pay-likely">
            {likelyCash(dueMinor, digitsOf(currency)).map((minor) => (
              <button
                key={minor}
                type="button"
                class="button figures"
                data-testid="cash-likely"
                aria-disabled={busy}
                onClick={() => takeCash(minor)}
              >
                {money(minor)}
              </button>
            ))}
          </div>
          <button
            type="button"
            class="button pay-way"
            data-testid="pay-card"
            aria-disabled={busy}
            onClick={() => counter.pay({ method: 'card', amount: totals.total })}
          >
            <Icon name="card" size={24} />
            <span>{strings.pay.card}</span>
            <span class="pay-way-sum figures">{money(dueMinor)}</span>
          </button>
          <p class="pay-hint">{strings.pay.cardHint}</p>
        </div>
        <div class="pay-given">
          <dl class="pay-figures">
            <div class="pay-figure">
              <dt>{strings.pay.given}</dt>
              <dd class="figures" data-testid="given">
                {money(given ?? 0)}
              </dd>
            </div>
            <div class="pay-figure is-change">
              <dt>{strings.pay.change}</dt>
              <dd class="figures" aria-live="polite" data-testid="change">
                {given === null
                  ? '–'
                  : isEnough
                    ? money(given - dueMinor)
                    : strings.pay.short(money(dueMinor - given))}
              </dd>
            </div>
          </dl>
          <Keypad corner="00" onKey={onKey} />
          <button
            type="button"
            class="button is-main is-wide"
            data-testid="take-cash"
            disabled={!isEnough || busy}
            onClick={() => {
              if (given !== null) takeCash(given);
            }}
          >
            <Icon name="cash" /> {strings.pay.takeCash}
          </button>
        </div>
      </div>
    </Pane>
  );
}
