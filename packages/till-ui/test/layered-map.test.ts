import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LayeredMap } from '../src/catalog/layered-map.ts';

const keys = fc.constantFrom(...Array.from({ length: 400 }, (_, index) => `P${index}`));
const changes = fc.array(fc.tuple(keys, fc.option(fc.nat(), { nil: null })), { maxLength: 200 });

test('a layered map holds what a map would that was changed in place, and what it was made from stays', () => {
  fc.assert(
    fc.property(changes, fc.array(changes, { maxLength: 8 }), (first, later) => {
      const base = new Map(first.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const])));
      const model = new Map(base);
      let layered = LayeredMap.of<number>(base);
      for (const each of later) {
        const before = layered;
        const heldBefore = [...before];
        const gone: string[] = [];
        for (const [key, value] of new Map(each)) {
          if (value === null) gone.push(key);
          else model.set(key, value);
        }
        for (const key of gone) model.delete(key);
        layered = before.with(new Map(each));
        expect([...before]).toEqual(heldBefore);
        expect(new Map(layered)).toEqual(model);
        expect(layered.size).toBe(model.size);
        expect([...layered.keys()].length).toBe(model.size);
        for (const [key] of each) expect(layered.get(key)).toBe(model.get(key));
      }
    }),
    { numRuns: 300 },
  );
});
