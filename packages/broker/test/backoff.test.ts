import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffDelayMs, refusedDelayMs } from '../src/index.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const bounds = fc.record({
  initialMs: fc.integer({ min: 1, max: 10_000 }),
  maxMs: fc.integer({ min: 1, max: 600_000 }),
});

test('a wait is never negative, never above its bound and never above the doubled first wait', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), random, bounds, (attempt, share, limits) => {
      const delay = backoffDelayMs(attempt, share, limits);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(limits.maxMs);
      expect(delay).toBeLessThanOrEqual(limits.initialMs * 2 ** Math.min(attempt - 1, 31));
    }),
  );
});

test('the jitter is full: the wait is the random share of its bound', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), random, bounds, (attempt, share, limits) => {
      const atMost = Math.min(limits.maxMs, limits.initialMs * 2 ** Math.min(attempt - 1, 31));
      expect(backoffDelayMs(attempt, share, limits)).toBeCloseTo(share * atMost, 6);
    }),
  );
});

test('after a refused login at least half the bound is waited', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), random, bounds, (attempt, share, limits) => {
      const atMost = Math.min(limits.maxMs, limits.initialMs * 2 ** Math.min(attempt - 1, 31));
      const delay = refusedDelayMs(attempt, share, limits);
      expect(delay).toBeGreaterThanOrEqual(atMost / 2);
      expect(delay).toBeLessThanOrEqual(atMost);
    }),
  );
});
