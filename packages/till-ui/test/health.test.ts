import { expect, test } from 'vitest';
import {
  ASK_INTERVAL_MS,
  ASK_TIMEOUT_MS,
  eventsRetryDelayMs,
  isReachable,
  SILENCE_MAX_MS,
} from '../src/server/health.ts';

test('what was said too long ago, never, or in the future is not shown as true', () => {
  expect(isReachable(null, 0)).toBe(false);
  expect(isReachable(1_000, 1_000)).toBe(true);
  expect(isReachable(1_000, 1_000 + SILENCE_MAX_MS)).toBe(true);
  expect(isReachable(1_000, 1_001 + SILENCE_MAX_MS)).toBe(false);
  expect(isReachable(1_000, 999)).toBe(false);
});

test('one question that is answered in time, however late, keeps the till reachable', () => {
  expect(ASK_INTERVAL_MS + ASK_TIMEOUT_MS).toBeLessThanOrEqual(SILENCE_MAX_MS);
});

test('the event stream is opened again at growing intervals, up to a bound', () => {
  expect([1, 2, 3, 4, 5, 6, 100].map(eventsRetryDelayMs)).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
});
