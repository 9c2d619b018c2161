import { useLayoutEffect, useRef } from 'preact/hooks';

const KEYS: Readonly<Record<string, string>> = { Backspace: 'back', Delete: 'clear', Enter: 'enter' };

/**
 * Calls with each digit, `back`, `clear` or `enter` that is typed anywhere but in a field, while the component is
 * drawn. Enter on a button presses that button instead. Keys may come faster than the component is drawn, as from a scanner: what
 * is called must read what it needs at each call, as of signals.
 */
export function useDigits(onKey: (key: string) => void): void {
  const latest = useRef(onKey);
  latest.current = onKey;
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
      const { target } = event;
      if (target instanceof HTMLInputElement || document.querySelector('dialog[open]') !== null) return;
      if (event.key === 'Enter' && target instanceof HTMLButtonElement) return;
      const key = /^[0-9]$/.test(event.key) ? event.key : KEYS[event.key];
      if (key === undefined) return;
      event.preventDefault();
      latest.current(key);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}
