import { expect, test } from 'vitest';
import { ACTIVITY_MAX, activityView, withActivities } from '../src/activity/activity-view.ts';
import { formatTimeOfDay } from '../src/format/time.ts';
import { activity } from './fixtures.ts';

test('a changed price shows the product, both prices, the version and the time that it took', () => {
  const view = activityView(activity(), 'Flat white');
  expect(view).toMatchObject({ type: 'Price', title: 'Flat white', version: 'v1284', took: '48 ms' });
  expect(view.prices?.old).toMatch(/3\.40/);
  expect(view.prices?.new).toMatch(/3\.60/);
});

test('the summary stands for a product that is no longer there, and for all that is no price change', () => {
  expect(activityView(activity(), null).title).toBe('Flat white 3.40 → 3.60 GBP');
  const changed = activity({ type: 'product_update', summary: 'Flat white changed', new_price: 3.4 });
  expect(activityView(changed, 'Flat white')).toMatchObject({
    title: 'Flat white changed',
    prices: null,
  });
});

test('times that are not known are left out, and clocks that differ are named', () => {
  const unknown = activityView(activity({ committed_at: null, version: null }), null);
  expect(unknown).toMatchObject({ committedAt: null, took: null, version: null });
  const ahead = activity({ committed_at: '2026-03-01T12:00:09.000Z' });
  expect(activityView(ahead, null).took).toBe('clocks differ');
});

test('a type that this page does not know is shown by its own name', () => {
  expect(activityView(activity({ type: 'stock_update' }), null).type).toBe('stock_update');
});

test('the log is newest first, holds each line once, and is bounded', () => {
  const many = Array.from({ length: ACTIVITY_MAX }, (_, index) => activity({ id: index + 1 }));
  const log = withActivities(many, [activity({ id: 500 }), activity({ id: 3 })]);
  expect(log).toHaveLength(ACTIVITY_MAX);
  expect(log[0]?.id).toBe(500);
  expect(log.at(-1)?.id).toBe(2);
});

test('a time of day is to the second, in 24 hours', () => {
  expect(formatTimeOfDay('2026-03-01T00:04:05.678Z', 'UTC')).toBe('00:04:05');
  expect(formatTimeOfDay('yesterday')).toBeNull();
});
