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

test('[T11] a version that the server names and whose message does not come makes the line deaf', () => {
  const { watch, deaf, pass } = watched();
  watch.attached();
  watch.told(at(5));
  pass(60_000);
  expect(deaf()).toBe(0);
  watch.told(at(6));
  pass(2_999);
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
  expect(deaf()).toBeLessThanOrEqual(10);
});

test('[T11] a line that goes deaf again soon after it was mended is renewed again, whether or not a change came between', () => {
  const { watch, deaf, pass } = watched();
  watch.attached();
  watch.told(at(5));
  watch.told(at(6));
  pass(3_000);
  expect(deaf()).toBe(1);
  watch.attached();
  watch.told(at(6));
  watch.heard(at(7));
  watch.told(at(8));
  pass(3_000);
  expect(deaf(), 'a change came on the new line: it is deaf as if for the first time').toBe(2);

  watch.attached();
  watch.told(at(8));
  watch.told(at(9));
  pass(3_000);
  expect(deaf(), 'nothing came on this one: a short pause first').toBe(2);
  pass(7_000);
  expect(deaf()).toBe(3);
});

test('[T11] a relay that lags is no deaf line: what was missed comes after all, and the line is renewed ever more seldom', () => {
  const { watch, deaf, pass } = watched();
  watch.attached();
  watch.told(at(0));
  // Each change is told of after a second, and its message comes ten seconds later; one hour.
  for (let version = 1; version <= 240; version += 1) {
    watch.told(at(version));
    const before = deaf();
    pass(10_000);
    if (deaf() > before) {
      watch.attached();
      watch.told(at(version));
    }
    watch.heard(at(version));
    pass(5_000);
  }
  expect(deaf()).toBeGreaterThan(1);
  expect(deaf()).toBeLessThanOrEqual(12);
});
