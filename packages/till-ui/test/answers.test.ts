import { expect, test } from 'vitest';
import { readActivities, readItemEvents, readItems, readState, readSyncNow } from '../src/server/answers.ts';
import { UnreadableAnswer } from '../src/server/reading.ts';
import { activity, notice, terminalState } from './fixtures.ts';

test('what the till answers is read as it is', () => {
  const state = terminalState({ notices: [notice()] });
  expect(readState(structuredClone(state))).toEqual(state);
  expect(readActivities({ activity: [activity()] })).toEqual([activity()]);
  expect(readItems({ items: [{ id: 'a', later: [1] }] })).toEqual([{ id: 'a', later: [1] }]);
});

test.each([
  ['no object', () => readState('live')],
  ['a status that is none', () => readState({ ...terminalState(), status: 'fine' })],
  ['a status that every object has', () => readState({ ...terminalState(), status: 'toString' })],
  ['no counts', () => readState({ ...terminalState(), items: null })],
  ['items that are no list', () => readItems({ items: {} })],
  ['an item without an id', () => readItems({ items: [{}] })],
  ['an outcome that is none', () => readSyncNow({ outcome: 'perhaps', message: '' })],
  ['a row without an item', () => readItemEvents({ rows: [{ kind: 'product', id: 'a' }] })],
])('%s is refused', (_, read) => {
  expect(read).toThrow(UnreadableAnswer);
});

test('rows of a kind that this page does not know are left out', () => {
  const rows = [
    { kind: 'voucher', id: 'v', item: { id: 'v' } },
    { kind: 'product', id: 'p', item: null },
  ];
  expect(readItemEvents({ rows })).toEqual([{ kind: 'product', id: 'p', item: null }]);
});
