import { DigestSum, EMPTY_DIGEST, rowDigest } from '@tillcast/protocol/digest';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256First8Bytes as inBrowser } from '../src/platform/sha256.browser.ts';
import { sha256First8Bytes as inNode } from '../src/platform/sha256.node.ts';

const rowArbitrary = fc.tuple(fc.constantFrom('product', 'table'), fc.string(), fc.string());

test('[D1] the digest of nothing is zero, and of the empty text it is SHA-256', () => {
  expect(new DigestSum().toString()).toBe(EMPTY_DIGEST);
  expect(inNode('')).toBe('e3b0c44298fc1c14');
});

test('[D1] a browser and Node compute the same, for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(inBrowser(text)).toBe(inNode(text));
    }),
  );
});

test('[D2] the order in which rows came does not matter, and what is taken away leaves no trace', () => {
  const rows = fc.uniqueArray(
    rowArbitrary.map(([kind, id, body]) => rowDigest(kind, id, body)),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(rows, fc.infiniteStream(fc.nat()), (digests, order) => {
      const forward = digests.reduce((sum, row) => sum.add(row), new DigestSum());
      const keyed = digests
        .map((row) => [order.next().value ?? 0, row] as const)
        .toSorted(([a], [b]) => a - b);
      const shuffled = keyed.reduce((sum, [, row]) => sum.add(row), new DigestSum());
      expect(shuffled.toString()).toBe(forward.toString());
      expect(digests.reduce((sum, row) => sum.subtract(row), shuffled).toString()).toBe(EMPTY_DIGEST);
    }),
  );
});

test('[D3] a row of another kind, id or body has another number', () => {
  const numbers = [
    rowDigest('product', 'A', '{}'),
    rowDigest('table', 'A', '{}'),
    rowDigest('product', 'B', '{}'),
    rowDigest('product', 'A', '{ }'),
  ];
  expect(new Set(numbers).size).toBe(numbers.length);
});
