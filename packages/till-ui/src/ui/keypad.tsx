import './keypad.css';
import type { VNode } from 'preact';
import { formatNumber } from '../i18n/numbers.ts';
import { strings } from '../i18n/strings.ts';
import { Icon } from './icon.tsx';

interface KeypadProps {
  /** The key at the lower start: two noughts for money, none for a PIN. */
  readonly corner: '00' | 'clear';
  readonly onKey: (key: string) => void;
}

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

/** Digits to tap, laid out as on a card machine in every language. The keys of a keyboard do the same: `useDigits`. */
export function Keypad({ corner, onKey }: KeypadProps): VNode {
  return (
    <div class="keypad" role="group" dir="ltr" aria-label={strings.keypad.label}>
      {DIGITS.map((digit) => (
        <Key key={digit} name={digit} onKey={onKey} />
      ))}
      {corner === '00' ? (
        <Key name="00" onKey={onKey} />
      ) : (
        <button type="button" class="key is-word" onClick={() => onKey('clear')}>
          {strings.keypad.clear}
        </button>
      )}
      <Key name="0" onKey={onKey} />
      <button type="button" class="key" aria-label={strings.keypad.back} onClick={() => onKey('back')}>
        <Icon name="backspace" size={26} />
      </button>
    </div>
  );
}

function Key({ name, onKey }: { readonly name: string; readonly onKey: (key: string) => void }): VNode {
  return (
    <button type="button" class="key figures" data-testid={`key-${name}`} onClick={() => onKey(name)}>
      {Array.from(name, (digit) => formatNumber(Number(digit))).join('')}
    </button>
  );
}
