import type { ReplicaEvent } from '@tillcast/protocol/replica/event';
import { PULL_LADDER, retryDelayMs } from '@tillcast/protocol/replica/ladder';
import { step } from '@tillcast/protocol/replica/machine';
import { ASKING_PACE, unused, used, waitMsOf } from '@tillcast/protocol/replica/pace';
import { initialReplica, type ReplicaState } from '@tillcast/protocol/replica/state';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { put } from './edits.ts';

const cursorArbitrary = fc.record({
  epoch: fc.constantFrom('epoch0000', 'epoch0001'),
  version: fc.nat(4),
  digest: fc.constantFrom('0'.repeat(16), 'f'.repeat(16)),
});

/** Everything that can happen to a replica, without regard to whether it makes sense. */
const eventArbitrary: fc.Arbitrary<ReplicaEvent> = fc.oneof(
  fc
    .constantFrom(
      'started',
      'attached',
      'detached',
      'historyGone',
      'repairGivenUp',
      'pullFailed',
      'applied',
      'settled',
      'retryDue',
      'contentDiffers',
      'syncRequested',
    )
    .map((type): ReplicaEvent => ({ type })),
  fc.record({
    type: fc.constant('message' as const),
    change: fc.record({
      to: cursorArbitrary,
      edits: fc.constantFrom(null, [], [put('A', 1)]),
      note: fc.constant(null),
    }),
  }),
  fc.record({
    type: fc.constantFrom('delta' as const, 'repair' as const, 'snapshot' as const),
    to: cursorArbitrary,
    rows: fc.constant([]),
    askedAtMs: fc.nat(10),
  }),
  fc.record({
    type: fc.constant('refused' as const),
    code: fc.constant('license_suspended' as const),
  }),
  fc.record({
    type: fc.constant('applyFailed' as const),
    reason: fc.constantFrom('digest' as const, 'store' as const),
  }),
  fc.record({
    type: fc.constant('answered' as const),
    server: cursorArbitrary,
    asked: fc.option(cursorArbitrary),
    askedAtMs: fc.nat(10),
  }),
);

/** When a replica asked, with events every few milliseconds; `paced` as the driver does it. */
function asksOf(events: readonly ReplicaEvent[], everyMs: number, paced: boolean): readonly number[] {
  let state: ReplicaState = initialReplica(null);
  let use = unused(ASKING_PACE);
  let dueMs: number | null = null;
  const asks: number[] = [];
  for (const [index, event] of events.entries()) {
    const nowMs = index * everyMs;
    const next = step(state, event);
    state = next.state;
    if (state.name !== 'pulling') dueMs = null;
    for (const { effect } of next.effects) {
      if (!effect.startsWith('pull')) continue;
      dueMs = nowMs + (paced ? waitMsOf(ASKING_PACE, use, nowMs) : 0);
    }
    if (dueMs === null || dueMs > nowMs) continue;
    dueMs = null;
    use = used(ASKING_PACE, use, nowMs);
    asks.push(nowMs);
  }
  return asks;
}

function mostInASecond(asks: readonly number[]): number {
  return Math.max(0, ...asks.map((from) => asks.filter((at) => at >= from && at < from + 1_000).length));
}

const historyArbitrary = fc.tuple(
  // A few causes over and over, which is what a loop is.
  fc.array(eventArbitrary, { minLength: 1, maxLength: 6 }),
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 1, max: 200 }),
);

test('[R13] whatever happens, however often, not more than five questions are asked in a second', () => {
  fc.assert(
    fc.property(historyArbitrary, ([cause, times, everyMs]) => {
      const events = Array.from({ length: times }, () => cause).flat();
      expect(mostInASecond(asksOf(events, everyMs, true))).toBeLessThanOrEqual(5);
    }),
    { numRuns: 2_000 },
  );
});

test('[R13] without the pace there are causes that would ask without end', () => {
  const cause: ReplicaEvent[] = [{ type: 'attached' }, { type: 'refused', code: 'license_suspended' }];
  const loop: ReplicaEvent[] = [...cause, { type: 'syncRequested' }];
  const events = Array.from({ length: 300 }, () => loop).flat();
  expect(mostInASecond(asksOf(events, 1, false))).toBeGreaterThan(100);
  expect(mostInASecond(asksOf(events, 1, true))).toBeLessThanOrEqual(5);
});

test('[R8] each wait is drawn from the whole of its rung, and no rung is beyond the bound', () => {
  const drawn = (attempt: number) =>
    [0, 0.5, 0.999].map((random) => retryDelayMs(PULL_LADDER, attempt, random));
  expect(drawn(1)).toEqual([250, 375, expect.closeTo(500, 0)]);
  expect(drawn(4)).toEqual([250, 2_125, expect.closeTo(3_996, 0)]);
  for (const attempt of [0, 1, 7, 60, 1e9]) {
    for (const delay of drawn(attempt)) {
      expect(delay).toBeGreaterThanOrEqual(250);
      expect(delay).toBeLessThanOrEqual(PULL_LADDER.capMs);
    }
  }
});
