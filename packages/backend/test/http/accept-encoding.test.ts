import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseEncoding, ENCODINGS } from '../../src/http/accept-encoding.ts';
import { matchesEtag } from '../../src/http/etag.ts';

test.each([
  [undefined, 'identity'],
  ['', 'identity'],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['gzip, deflate, br', 'br'],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip;q=1.0, br;q=0.5', 'gzip'],
  ['br;q=0', 'identity'],
  ['*', 'zstd'],
  ['*;q=0', 'identity'],
  ['gzip;q=0, *', 'zstd'],
  ['identity, gzip;q=0.5', 'identity'],
  ['identity;q=0, gzip;q=0.001', 'gzip'],
  ['deflate, compress', 'identity'],
  ['gzip;q=nonsense', 'identity'],
  ['gzip;q=7', 'identity'],
])('Accept-Encoding %j is answered in %s', (header, encoding) => {
  expect(chooseEncoding(header)).toBe(encoding);
});

test('any header at all gets a coding that we have', () => {
  fc.assert(fc.property(fc.string(), (header) => ENCODINGS.includes(chooseEncoding(header))));
});

test.each([
  [undefined, false],
  ['W/"a.1.full"', true],
  ['"a.1.full"', true],
  ['"x", W/"a.1.full" , "y"', true],
  ['*', true],
  ['"a.1.products"', false],
  ['a.1.full', false],
  ['', false],
])('If-None-Match %j names the tag: %s', (header, expected) => {
  expect(matchesEtag(header, 'W/"a.1.full"')).toBe(expected);
});
