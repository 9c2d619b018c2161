import { TillcastError } from '@tillcast/protocol/errors';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { type Outcome, outcomeOf, progressOf, type Settled } from '../../src/relay/outcome.ts';

const confirmed: Outcome = { outcome: 'confirmed' };
const failed = outcomeOf(new TillcastError('publish_refused', 'nack'));
const impossible = outcomeOf(new TillcastError('message_too_large', 'too large'));

function settled(licenseId: number, version: number, outcome: Outcome): Settled {
  const licenseKey = parseLicenseKey('EXTRO-LIFE-ABC123');
  const committedAtMs = 0;
  const change = {
    licenseId,
    licenseKey,
    shard: 0,
    version,
    id: '',
    type: 'table_update',
    message: '',
    signature: null,
    committedAtMs,
    passedOver: 0,
  } as const;
  return { change, outcome };
}

test('[Y2] a license counts as published up to its first failure, others as far as they came', () => {
  const batch = [
    settled(1, 4, confirmed),
    settled(1, 5, failed),
    settled(1, 6, confirmed),
    settled(2, 9, confirmed),
    settled(3, 1, failed),
  ];
  const { done, failed: stopped } = progressOf(batch, new Set());
  expect(done).toEqual([
    { licenseId: 1, version: 4 },
    { licenseId: 2, version: 9 },
  ]);
  expect([...stopped]).toEqual([1, 3]);
});

test('[Y2] what was sent after a failure of an earlier batch counts for nothing', () => {
  const { done } = progressOf([settled(1, 7, confirmed), settled(2, 10, confirmed)], new Set([1]));
  expect(done).toEqual([{ licenseId: 2, version: 10 }]);
});

test('[Y4] what can never be published does not stop its license', () => {
  const { done, failed: stopped } = progressOf(
    [settled(1, 4, impossible), settled(1, 5, confirmed)],
    new Set(),
  );
  expect(done).toEqual([{ licenseId: 1, version: 5 }]);
  expect(stopped.size).toBe(0);
});
