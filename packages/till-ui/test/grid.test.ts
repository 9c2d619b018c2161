import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  layoutOf,
  placeOf,
  scrollTopFor,
  TILE_GAP,
  TILE_HEIGHT,
  TILE_MIN_WIDTH,
  windowOf,
} from '../src/grid/window.ts';
import { indexAfterKey, type KeyField } from '../src/ui/arrow-keys.ts';

const counts = fc.integer({ min: 0, max: 10_000 });
const widths = fc.integer({ min: 320, max: 2_560 });
const heights = fc.integer({ min: 100, max: 1_600 });

test('tiles are never smaller than what a finger hits', () => {
  expect(TILE_MIN_WIDTH).toBeGreaterThanOrEqual(140);
  expect(TILE_HEIGHT).toBeGreaterThanOrEqual(104);
  fc.assert(
    fc.property(counts, widths, (count, width) => {
      const { columns, tileWidth } = layoutOf(count, width);
      expect(tileWidth).toBeGreaterThanOrEqual(TILE_MIN_WIDTH);
      expect(columns * tileWidth + (columns - 1) * TILE_GAP).toBeCloseTo(width, 6);
    }),
  );
});

test('every tile in sight is drawn, and few others', () => {
  fc.assert(
    fc.property(counts, widths, heights, fc.nat(), (count, width, height, scroll) => {
      const layout = layoutOf(count, width);
      const scrollTop = layout.height <= height ? 0 : scroll % (layout.height - height);
      const { start, end } = windowOf(count, layout.columns, scrollTop, height);
      expect(end - start).toBeLessThanOrEqual((Math.ceil(height / TILE_HEIGHT) + 8) * layout.columns);
      for (let index = 0; index < count; index += layout.columns) {
        const top = placeOf(index, layout).block;
        const inSight = top + TILE_HEIGHT > scrollTop && top < scrollTop + height;
        expect(!inSight || (index >= start && index < end)).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

test('a tile is scrolled wholly into sight, and not at all when it is there', () => {
  fc.assert(
    fc.property(
      fc.nat(9_999),
      widths,
      fc.integer({ min: 200, max: 1_600 }),
      fc.nat(100_000),
      (index, width, height, from) => {
        const layout = layoutOf(10_000, width);
        const to = scrollTopFor(index, layout.columns, from, height);
        const top = placeOf(index, layout).block;
        expect(top).toBeGreaterThanOrEqual(to);
        expect(top + TILE_HEIGHT).toBeLessThanOrEqual(to + height);
        expect(scrollTopFor(index, layout.columns, to, height)).toBe(to);
      },
    ),
  );
});

const FIELD: KeyField = { count: 10, columns: 4, pageRows: 2, rightToLeft: false };

test.each([
  ['ArrowRight', 0, 1],
  ['ArrowLeft', 0, 0],
  ['ArrowRight', 9, 9],
  ['ArrowDown', 1, 5],
  ['ArrowDown', 6, 9],
  ['ArrowDown', 8, 8],
  ['ArrowUp', 5, 1],
  ['ArrowUp', 2, 2],
  ['PageDown', 1, 9],
  ['PageUp', 9, 1],
  ['Home', 7, 0],
  ['End', 2, 9],
])('%s from tile %d of 10 in 4 columns goes to tile %d', (key, from, to) => {
  expect(indexAfterKey(key, from, FIELD)).toBe(to);
});

test('from right to left the arrow keys change sides', () => {
  expect(indexAfterKey('ArrowLeft', 1, { ...FIELD, rightToLeft: true })).toBe(2);
});

test('other keys move nothing, nor does any in an empty grid', () => {
  expect(indexAfterKey('Enter', 1, FIELD)).toBeNull();
  expect(indexAfterKey('ArrowDown', 0, { ...FIELD, count: 0 })).toBeNull();
});

test('no key leads out of the grid', () => {
  const keys = fc.constantFrom(
    'ArrowLeft',
    'ArrowRight',
    'ArrowUp',
    'ArrowDown',
    'PageUp',
    'PageDown',
    'Home',
    'End',
  );
  fc.assert(
    fc.property(
      keys,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 8 }),
      fc.nat(),
      fc.boolean(),
      (key, count, columns, seed, rightToLeft) => {
        const to = indexAfterKey(key, seed % count, { count, columns, pageRows: 3, rightToLeft });
        expect(to === null || (to >= 0 && to < count)).toBe(true);
      },
    ),
  );
});
