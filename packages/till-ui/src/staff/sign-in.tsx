import './sign-in.css';
import '../ui/button.css';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { EMPTY_CATALOG } from '../catalog/catalog.ts';
import type { TillUser } from '../catalog/items.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';
import { Keypad } from '../ui/keypad.tsx';
import { useDigits } from '../ui/use-digits.ts';

const PIN_MAX_DIGITS = 12;

/** Who is selling: a name, and the PIN that goes with it. The till checks it, with or without a network. */
export function SignIn(): VNode {
  const { till } = usePage();
  const { users } = till.catalog.catalog.value ?? EMPTY_CATALOG;
  const [chosen, choose] = useState<TillUser | null>(null);
  const user = chosen ?? (users.length === 1 ? (users[0] ?? null) : null);
  return (
    <main class="sign-in" data-testid="sign-in">
      <div class="sign-in-inside">
        <h1 class="sign-in-title">{strings.staff.title}</h1>
        <ul class="people">
          {users.map((each) => (
            <li key={each.id}>
              <button
                type="button"
                class={`person${each.id === user?.id ? ' is-chosen' : ''}`}
                data-testid="person"
                aria-pressed={each.id === user?.id}
                onClick={() => choose(each)}
              >
                <span class="person-name" dir="auto">
                  {each.name}
                </span>
                <span class="person-role">{strings.staff[each.role]}</span>
              </button>
            </li>
          ))}
        </ul>
        <PinPad key={user?.id ?? ''} user={user} />
      </div>
    </main>
  );
}

function PinPad({ user }: { readonly user: TillUser | null }): VNode {
  const { counter } = usePage();
  const pin = useSignal('');
  const refused = useSignal('');
  const asking = useSignal(false);
  const pad = useRef<HTMLDivElement>(null);
  const text = strings.staff;

  // The PIN comes next: with the focus left on a name, Enter would choose that name again.
  useLayoutEffect(() => {
    if (user !== null) pad.current?.focus();
  }, []);

  const signIn = async (): Promise<void> => {
    if (user === null || pin.peek() === '' || asking.peek()) return;
    asking.value = true;
    const refusal = await counter.signIn(user.id, pin.peek());
    asking.value = false;
    pin.value = '';
    refused.value = refusal ?? '';
  };
  const onKey = (key: string): void => {
    if (user === null) return;
    if (key === 'enter') void signIn();
    else {
      refused.value = '';
      pin.value = pinAfter(pin.peek(), key);
    }
  };
  useDigits(onKey);
  return (
    <div
      ref={pad}
      class="pin"
      role="group"
      tabIndex={-1}
      aria-label={user === null ? text.pin : text.enterPin(user.name)}
    >
      <p class="pin-for" dir="auto">
        {user === null ? text.pin : text.enterPin(user.name)}
      </p>
      <p class="pin-dots" role="status" aria-label={text.digits(pin.value.length)}>
        {Array.from({ length: Math.max(4, pin.value.length) }, (_, index) => (
          <span key={index} class={`pin-dot${index < pin.value.length ? ' is-filled' : ''}`} />
        ))}
      </p>
      <p class="pin-refused" role="alert" data-testid="pin-refused" dir="auto">
        {refused.value}
      </p>
      <Keypad corner="clear" onKey={onKey} />
      <button
        type="button"
        class="button is-main is-wide pay-button"
        data-testid="sign-in-button"
        disabled={user === null || pin.value === '' || asking.value}
        onClick={() => void signIn()}
      >
        <Icon name="person" /> {text.signIn}
      </button>
    </div>
  );
}

function pinAfter(pin: string, key: string): string {
  if (key === 'clear') return '';
  if (key === 'back') return pin.slice(0, -1);
  return pin.length >= PIN_MAX_DIGITS ? pin : pin + key;
}
