import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addLatency, type Buckets, QUANTILE_ERROR, quantileOf } from '../../src/fleet/latency-buckets.ts';

const latencies = fc.array(fc.nat({ max: 2_147_483_647 }), { minLength: 1, maxLength: 300 });

test('[J3] a quantile read from the buckets is within the error that is told', () => {
  fc.assert(
    fc.property(latencies, fc.double({ min: 0.001, max: 1, noNaN: true }), (times, share) => {
      const buckets: Buckets = [];
      for (const time of times) addLatency(buckets, time);
      const exact = times.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * times.length)) - 1] ?? 0;
      const read = quantileOf(buckets, share) ?? Number.NaN;
      expect(Math.abs(read - exact)).toBeLessThanOrEqual(Math.max(0.5, exact * QUANTILE_ERROR));
    }),
  );
});

test('nothing has no quantile', () => {
  expect(quantileOf([], 0.5)).toBeNull();
  expect(quantileOf([0, 0], 0.99)).toBeNull();
});
