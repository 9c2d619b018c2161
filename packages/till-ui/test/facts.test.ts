import { expect, test } from 'vitest';
import { formatAge, formatDuration } from '../src/format/duration.ts';
import { digestText, lastContactText, nextTryText } from '../src/status/facts.ts';
import { answered } from '../src/status/sync-answer.ts';

const NOON = '2026-03-01T12:00:00.000Z';
const noonMs = Date.parse(NOON);

test('the age of the last contact counts up', () => {
  expect(lastContactText(NOON, noonMs + 4_000)).toBe('4 s ago');
  expect(lastContactText(NOON, noonMs + 124_000)).toBe('2 min 4 s ago');
  expect(lastContactText(null, noonMs)).toBe('not yet');
});

test('a clock that was set back makes no negative age', () => {
  expect(lastContactText(NOON, noonMs - 60_000)).toBe('just now');
});

test('the next try counts down to now, and is left out when none is due', () => {
  expect(nextTryText(NOON, noonMs - 8_000)).toBe('in 8 s');
  expect(nextTryText(NOON, noonMs - 7_100)).toBe('in 8 s');
  expect(nextTryText(NOON, noonMs + 500)).toBe('now');
  expect(nextTryText(null, noonMs)).toBeNull();
  expect(nextTryText('soon', noonMs)).toBeNull();
});

test('a digest reads in groups of four', () => {
  expect(digestText('9f3a04c177be20d5')).toBe('9f3a 04c1 77be 20d5');
});

test.each([
  [-5, '0 ms'],
  [48, '48 ms'],
  [3_240, '3.2 s'],
  [42_000, '42 s'],
  [124_000, '2 min 4 s'],
  [3_600_000, '1 h'],
  [187_500_000, '2 d 4 h'],
])('%d ms reads as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('an age below a second is no fraction', () => {
  expect(formatAge(300)).toBe('0 s');
});

test('Sync now answers in the words of the till, or in ours where it has none', () => {
  const answer = { outcome: 'applied', version: 1284, applied: 5, message: '' } as const;
  expect(answered(answer)).toEqual({ is: 'answered', well: true, text: '5 changes applied' });
  expect(answered({ ...answer, outcome: 'up_to_date' })).toMatchObject({ text: 'Up to date (v1284)' });
  const refused = { ...answer, outcome: 'no_connection', message: 'No connection, retrying in 8 s' } as const;
  expect(answered(refused)).toEqual({ is: 'answered', well: false, text: 'No connection, retrying in 8 s' });
});
