import { initialReplica } from '@tillcast/protocol/replica/state';
import { statusOf } from '@tillcast/protocol/replica/status';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SteadyTime } from '../src/replica/till-clock.ts';

/** Two clocks, and the time that both make. */
function clocks() {
  const at = { wallMs: 1_700_000_000_000, monotonicMs: 5_000 };
  const steady = new SteadyTime(
    () => at.wallMs,
    () => at.monotonicMs,
  );
  const pass = (wallMs: number, monotonicMs: number): number => {
    at.wallMs += wallMs;
    at.monotonicMs += monotonicMs;
    return steady.nowMs();
  };
  return { steady, pass };
}

test('[R11] a clock set back makes no proof younger, and a sleep that the monotonic clock missed makes it older', () => {
  const { steady, pass } = clocks();
  const held = { epoch: 'epoch00001', version: 1, digest: '0'.repeat(16) };
  const proof = { at: held, askedAtMs: steady.nowMs() };
  const state = { ...initialReplica(held), attached: true, proof };
  const statusAt = (nowMs: number) => statusOf(state, nowMs, 0).status;
  expect(statusAt(pass(5_000, 5_000))).toBe('live');
  expect(statusAt(pass(-3_600_000, 10_000))).toBe('live');
  expect(statusAt(pass(6_000, 6_000))).toBe('offline');

  const sleeper = clocks();
  const fresh = { ...state, proof: { at: held, askedAtMs: sleeper.steady.nowMs() } };
  expect(statusOf(fresh, sleeper.pass(21_000, 10), 0).status).toBe('offline');
});

test('[R11] whatever both clocks do, time passes at least as fast as on either, and never runs away', () => {
  const passing = fc.array(
    fc.record({ wallMs: fc.integer({ min: -100_000, max: 100_000 }), monotonicMs: fc.nat(30_000) }),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(passing, (steps) => {
      const { steady, pass } = clocks();
      for (const { wallMs, monotonicMs } of steps) {
        const before = steady.nowMs();
        const passed = pass(wallMs, monotonicMs) - before;
        expect(passed).toBeGreaterThanOrEqual(monotonicMs - 1e-3);
        // What the wall clock gains within the rounding is not added.
        expect(passed).toBeGreaterThanOrEqual(wallMs - 51);
        expect(passed).toBeLessThanOrEqual(Math.max(wallMs, monotonicMs) + 51);
      }
    }),
  );
});

test('clocks that differ by their rounding alone pass as one', () => {
  const { steady, pass } = clocks();
  const began = steady.nowMs();
  for (let look = 0; look < 10_000; look += 1) pass(look % 2, 0.5);
  expect(steady.nowMs() - began).toBeCloseTo(5_000, 0);
});
