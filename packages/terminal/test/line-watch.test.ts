import { expect, test } from 'vitest';
import { LineWatch } from '../src/replica/line-watch.ts';

/** A line watched under a clock that the test moves. */
function watched() {
  let nowMs = 0;
  const timers = new Set<{ dueMs: number; callback: () => void }>();
  let deaf = 0;
  const clock = {
    nowMs: () => nowMs,
    steadyMs: () => nowMs,
    after: (delayMs: number, callback: () => void) => {
      const timer = { dueMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const watch = new LineWatch(clock, () => {
    deaf += 1;
  });
  return {
    watch,
    deaf: () => deaf,
    pass: (ms: number) => {
      nowMs += ms;
      for (const timer of timers) {
        if (timer.dueMs > nowMs) continue;
        timers.delete(timer);
        timer.callback();
      }
    },
  };
}

const at = (version: number, epoch = 'epoch00001') => ({ epoch, version, digest: '0'.repeat(16) });

test('[Q4] a version that the server names and whose message does not come makes the line deaf', () => {
  const { watch, deaf, pass } = watched();
  watch.attached();
  watch.told(at(5));
  pass(60_000);
  expect(deaf()).toBe(0);
  watch.told(at(6));
  pass(4_999);
  expect(deaf()).toBe(0);
  pass(1);
  expect(deaf()).toBe(1);
});

test('a message that comes in time, or a later one, says that the line is well', () => {
  const { watch, deaf, pass } = watched();
  watch.attached();
  watch.told(at(5));
  watch.told(at(6));
  watch.heard(at(7));
  pass(60_000);
  watch.told(at(7));
  pass(60_000);
  expect(deaf()).toBe(0);
});

test('what was committed before the line was there, or in another history, is not expected', () => {
  const { watch, deaf, pass } = watched();
  watch.told(at(4));
  watch.attached();
  watch.told(at(5));
  watch.told(at(2, 'epoch00002'));
  pass(60_000);
  watch.told(at(3, 'epoch00002'));
  watch.detached();
  pass(60_000);
  expect(deaf()).toBe(0);
});

test('where every change is late, the line is renewed ever more seldom', () => {
  const { watch, deaf, pass } = watched();
  for (let round = 1; round <= 240; round += 1) {
    watch.attached();
    watch.told(at(2 * round));
    watch.told(at(2 * round + 1));
    pass(15_000);
  }
  // One hour.
  expect(deaf()).toBeGreaterThan(1);
  expect(deaf()).toBeLessThanOrEqual(7);
});
