/** What a key pressed anywhere on the page means to the search. */
export type SearchKey = 'none' | 'focus' | 'type';

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly isComposing: boolean;
}

/**
 * `focus` for `/`, `type` for a character that would otherwise go nowhere, as from a scanner. A field that
 * takes text keeps its keys, and the space bar presses the button that has the focus.
 */
export function searchKey(pressed: Pressed, focused: Pick<Element, 'tagName'> | null): SearchKey {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey || pressed.isComposing) return 'none';
  if (focused !== null && /^(?:INPUT|TEXTAREA|SELECT)$/.test(focused.tagName)) return 'none';
  if (pressed.key === '/') return 'focus';
  return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(pressed.key) ? 'type' : 'none';
}
