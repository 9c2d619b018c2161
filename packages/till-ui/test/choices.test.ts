import fc from 'fast-check';
import { expect, test } from 'vitest';
import { modifierOf, type TillModifier } from '../src/catalog/items.ts';
import { afterTap, choicesOf, firstChoices, firstLacking, isDone, listed } from '../src/options/choices.ts';

const group = (id: string, min: number, max: number, deltas: readonly number[]): TillModifier =>
  modifierOf({
    id,
    name: id,
    currency: 'GBP',
    min_choices: min,
    max_choices: max,
    options: deltas.map((price_delta, index) => ({
      id: `${id}${index}`,
      name: `${id}${index}`,
      price_delta,
    })),
  });

const size = group('size', 1, 1, [-0.4, 0, 0.7]);
const bread = group('bread', 1, 1, [0, 0, 1.2]);
const milk = group('milk', 0, 1, [0, 0.4]);
const extras = group('extras', 0, 2, [0.5, 0.5, 0.5]);

test('a new line begins with the one option that the price on the tile means, and with nothing where there are two', () => {
  const choices = firstChoices([size, bread, milk]);
  expect(listed([size, bread, milk], choices)).toEqual([{ modifier_id: 'size', option_id: 'size1' }]);
  expect(firstLacking([size, bread, milk], choices)).toBe(bread);
  expect(firstLacking([size, milk], firstChoices([size, milk]))).toBeNull();
});

test('where one may be chosen another takes its place; one that is needed is not given back, one that is not is', () => {
  const large = afterTap(firstChoices([size]), size, 'size2');
  expect(large.get('size')).toEqual(['size2']);
  expect(afterTap(large, size, 'size2').get('size')).toEqual(['size2']);
  const oat = afterTap(firstChoices([milk]), milk, 'milk1');
  expect(afterTap(oat, milk, 'milk1').get('milk')).toEqual([]);
});

test('all is chosen once each group was tapped and takes no more', () => {
  const groups = [size, milk];
  const chosen = afterTap(firstChoices(groups), milk, 'milk1');
  expect(isDone(groups, chosen, new Set(['milk']))).toBe(false);
  expect(isDone(groups, afterTap(chosen, size, 'size1'), new Set(['milk', 'size']))).toBe(true);
});

test('however one taps, no group holds more than it takes nor an option twice, and a line reads back as it was', () => {
  const groups = [size, bread, milk, extras];
  const tap = fc.constantFrom(
    ...groups.flatMap((each) => each.options.map((option) => [each, option.id] as const)),
  );
  fc.assert(
    fc.property(fc.array(tap, { maxLength: 30 }), (taps) => {
      const choices = taps.reduce((before, [each, id]) => afterTap(before, each, id), firstChoices(groups));
      for (const each of groups) {
        const chosen = choices.get(each.id) ?? [];
        expect(chosen.length).toBeLessThanOrEqual(each.maxChoices);
        expect(new Set(chosen).size).toBe(chosen.length);
      }
      const lines = listed(groups, choices);
      expect(listed(groups, choicesOf(groups, lines))).toEqual(lines);
    }),
  );
});
