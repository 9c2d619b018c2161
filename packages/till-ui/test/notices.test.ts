import { expect, test } from 'vitest';
import { currentNotices } from '../src/notices/current.ts';
import { notice } from './fixtures.ts';

const old = notice({ id: 'old' });
const recent = notice({ id: 'recent', sent_at: '2026-03-01T13:00:00.000Z' });
const warning = notice({ id: 'warning', severity: 'warning', sent_at: '2026-03-01T11:00:00.000Z' });
const ids = (notices: readonly { readonly id: string }[]): readonly string[] => notices.map(({ id }) => id);

test('warnings come first, then the newest', () => {
  expect(ids(currentNotices([old, warning, recent], new Set()))).toEqual(['warning', 'recent', 'old']);
});

test('what was dismissed is not shown again', () => {
  expect(ids(currentNotices([old, warning], new Set(['warning'])))).toEqual(['old']);
});
