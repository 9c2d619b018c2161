import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeContent, encodeContent } from '../src/index.ts';

test('what is decoded is what was encoded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), (body) => {
      const encoded = encodeContent(body);
      expect(Buffer.from(decodeContent(encoded.body, encoded.contentEncoding))).toEqual(Buffer.from(body));
    }),
  );
});

test('[W7] a body of up to 1 KiB goes as it is, a longer one as gzip', () => {
  const text = (length: number): Uint8Array => Buffer.from('a'.repeat(length));
  expect(encodeContent(text(1_024)).contentEncoding).toBeUndefined();
  const encoded = encodeContent(text(1_025));
  expect(encoded.contentEncoding).toBe('gzip');
  expect(encoded.body.byteLength).toBeLessThan(100);
});

test('a body that gzip would make longer goes as it is', () => {
  const noise = crypto.getRandomValues(new Uint8Array(2_000));
  expect(encodeContent(noise)).toEqual({ body: noise });
});

test('[W7] a body is not inflated beyond the bound', () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  expect(() => decodeContent(bomb, 'gzip')).toThrow(expect.objectContaining({ code: 'message_too_large' }));
  expect(decodeContent(gzipSync(Buffer.alloc(100)), 'gzip', 100).byteLength).toBe(100);
  expect(() => decodeContent(gzipSync(Buffer.alloc(101)), 'gzip', 100)).toThrow(
    expect.objectContaining({ code: 'message_too_large' }),
  );
  expect(() => decodeContent(Buffer.alloc(101), null, 100)).toThrow(
    expect.objectContaining({ code: 'message_too_large' }),
  );
});

test('a damaged gzip and an unknown encoding are errors of their own', () => {
  const whole = gzipSync(Buffer.from('hello'));
  for (const damaged of [
    Buffer.from('no gzip at all'),
    whole.subarray(0, whole.length - 3),
    Buffer.alloc(0),
  ]) {
    expect(() => decodeContent(damaged, 'gzip')).toThrow(
      expect.objectContaining({ code: 'message_invalid' }),
    );
  }
  expect(() => decodeContent(whole, 'br')).toThrow(expect.objectContaining({ code: 'message_invalid' }));
});
