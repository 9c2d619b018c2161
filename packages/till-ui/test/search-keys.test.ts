import { expect, test } from 'vitest';
import { searchKey } from '../src/page/search-keys.ts';

const press = (
  key: string,
  over: Partial<Parameters<typeof searchKey>[0]> = {},
): Parameters<typeof searchKey>[0] => {
  return { key, ctrlKey: false, altKey: false, metaKey: false, isComposing: false, ...over };
};

test('a slash goes to the search', () => {
  expect(searchKey(press('/'), null)).toBe('focus');
});

test('what a scanner types goes into the search, wherever the focus is', () => {
  for (const key of ['5', 'A', 'é', '-']) expect(searchKey(press(key), { tagName: 'BUTTON' })).toBe('type');
});

test('a field keeps its keys, and so do shortcuts, movement and the space bar', () => {
  expect(searchKey(press('/'), { tagName: 'INPUT' })).toBe('none');
  expect(searchKey(press('r', { ctrlKey: true }), null)).toBe('none');
  expect(searchKey(press('a', { isComposing: true }), null)).toBe('none');
  for (const key of ['ArrowDown', 'Enter', ' ', 'Escape', 'F5'])
    expect(searchKey(press(key), null)).toBe('none');
});
