import type { TillInstance } from '@tillcast/protocol/http/status-api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CLONED_FOR_MS,
  type HeardInstance,
  isCloned,
  isSameRun,
  judgeInstance,
  RUNS_KEPT,
} from '../../src/fleet/judge-instance.ts';

const START = new Date('2026-11-23T14:00:00.000Z');

/** Hears one after the other, 12 s apart; gives for each whether it was news and whether the terminal then counts as cloned. */
function hear(
  said: readonly TillInstance[],
  secondsApart = 12,
): readonly [isNews: boolean, cloned: boolean][] {
  let before: HeardInstance | null = null;
  return said.map((each, index) => {
    const at = new Date(START.getTime() + index * secondsApart * 1_000);
    if (isSameRun(before, each)) return [false, isCloned(before?.clonedAt ?? null, at)];
    const { heard, isNews } = judgeInstance(before, each, at);
    before = heard;
    return [isNews, isCloned(heard.clonedAt, at)];
  });
}

const start = (id: string, starts: number, run = `${id}-${starts}`): TillInstance => ({ id, starts, run });
const nothing = [false, false] as const;

test('[N4] a till that is started again and again is one till', () => {
  const said = [start('A', 1), start('A', 1), start('A', 2), start('A', 5), start('A', 5), start('A', 6)];
  expect(hear(said)).toEqual(said.map(() => nothing));
});

test('[N4] a till whose data was made anew goes on, once', () => {
  const said = [start('A', 7), start('B', 1), start('B', 2), start('C', 1)];
  expect(hear(said)).toEqual(said.map(() => nothing));
});

test('[N4] two copies of one image, started alike, are noticed at the second one’s first word', () => {
  const [one, other] = [start('A', 7, 'left'), start('A', 7, 'right')];
  const heard = hear([one, other, one, other, other, one]);
  expect(heard[1]).toEqual([true, true]);
  // Said once, and true as long as both speak.
  expect(heard.slice(2)).toEqual(heard.slice(2).map(() => [false, true]));
});

test('[N4] a copy whose data was made anew is noticed when the other speaks again', () => {
  expect(hear([start('A', 7), start('B', 1), start('A', 7)])).toEqual([nothing, nothing, [true, true]]);
});

test('[N4] a till that was restored from an old copy is noticed, and is the till when it alone has spoken for ten minutes', () => {
  const restored = start('A', 3, 'again');
  const heard = hear([start('A', 9), ...Array.from({ length: 51 }, () => restored)]);
  expect(heard[1]).toEqual([true, true]);
  expect(heard.at(-2)).toEqual([false, true]);
  expect(heard.at(-1)).toEqual([false, false]);
  expect(CLONED_FOR_MS).toBe(600_000);
});

test('[N4] the restored till’s next start is in order', () => {
  expect(hear([start('A', 9), start('A', 3, 'again'), start('A', 4, 'next')])[2]).toEqual([false, true]);
});

test('[N4] however many copies take turns, they are noticed and no more is kept than a few', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: RUNS_KEPT }),
      fc.array(fc.nat({ max: RUNS_KEPT - 1 }), { minLength: 40, maxLength: 60 }),
      (copies, order) => {
        const turns = [
          ...order.map((index) => index % copies),
          ...Array.from({ length: copies }, (_, i) => i),
        ];
        const said = [...turns, ...turns].map((index) => start(`copy-${index}`, 1));
        expect(hear(said).some(([isNews]) => isNews)).toBe(true);
      },
    ),
  );
});
