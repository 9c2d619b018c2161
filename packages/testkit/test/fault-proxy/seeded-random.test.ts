import { expect, test } from 'vitest';
import { seededRandom } from '../../src/index.ts';

test('a seed gives one sequence of numbers in [0, 1), evenly spread', () => {
  const random = seededRandom(42);
  const numbers = Array.from({ length: 10_000 }, random);
  const again = seededRandom(42);
  expect(numbers).toEqual(Array.from({ length: 10_000 }, again));
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  const tenths = Array.from({ length: 10 }, (_, tenth) =>
    numbers.filter((n) => Math.floor(n * 10) === tenth),
  );
  for (const { length } of tenths) expect(Math.abs(length - 1_000)).toBeLessThan(150);
  expect(seededRandom(43)()).not.toBe(seededRandom(42)());
});
