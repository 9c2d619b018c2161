import { expect, test } from 'vitest';
import { type Known, statusView } from '../src/status/status-view.ts';
import { terminalState } from './fixtures.ts';

const LIVE: Known = { state: terminalState(), reachable: true, starting: false, current: true };

test('a till that is live says so with its version', () => {
  expect(statusView(LIVE)).toMatchObject({ word: 'live', label: 'Live v1284' });
});

test('a till program that does not answer is never shown as live, whatever it said last', () => {
  const view = statusView({ ...LIVE, reachable: false });
  expect(view).toMatchObject({ word: 'needs_attention', label: 'Needs attention' });
  expect(view.reason).toMatch(/does not answer/);
});

test('a page that has not read what the till holds is catching up, and not live', () => {
  expect(statusView({ ...LIVE, current: false })).toMatchObject({
    word: 'catching_up',
    label: 'Catching up',
  });
});

test('before the first answer the page says that it starts', () => {
  const view = statusView({ state: null, reachable: false, starting: true, current: false });
  expect(view).toMatchObject({ word: 'catching_up', label: 'Starting' });
});

test('without any answer for too long it needs attention', () => {
  const view = statusView({ state: null, reachable: false, starting: false, current: false });
  expect(view.word).toBe('needs_attention');
});

test.each([
  [{ status: 'catching_up', behind: 37 }, 'Catching up (37)'],
  [{ status: 'catching_up', behind: null }, 'Catching up'],
  [{ status: 'catching_up', behind: 0 }, 'Catching up'],
  [{ status: 'offline', behind: null }, 'Offline – selling works'],
  [{ status: 'needs_attention', behind: null }, 'Needs attention'],
] as const)('%o reads "%s", with the reason that the till gives', (over, label) => {
  const state = terminalState({ ...over, reason: 'Because.' });
  expect(statusView({ ...LIVE, state })).toMatchObject({ word: over.status, label, reason: 'Because.' });
});

test('unsent sales are counted in each status, also when the till program is silent', () => {
  const state = terminalState({ status: 'offline', unsent_sales: 3 });
  expect(statusView({ ...LIVE, state }).unsentSales).toBe(3);
  expect(statusView({ ...LIVE, state, reachable: false }).unsentSales).toBe(3);
});
