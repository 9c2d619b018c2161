import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Line, linesOf } from '../../src/admin-api/lines.ts';

const BOUNDS = { maxLineBytes: 40, maxBytes: 100_000 };

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('lines are the same however the stream is cut', async () => {
  const text = fc
    .array(fc.stringMatching(/^[a-zéß\r]{0,30}$/), { maxLength: 20 })
    .map((rows) => rows.join('\n'));
  const sizes = fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(text, sizes, async (whole, cut) => {
      const lines: Line[] = [];
      for await (const line of linesOf(chunksOf(Buffer.from(whole), cut), BOUNDS)) lines.push(line);
      const expected = whole
        .split('\n')
        .map((row, index) => ({
          number: index + 1,
          row: row.replace(/\r$/, ''),
          length: Buffer.byteLength(row),
        }))
        .filter(({ row, length }) => length > BOUNDS.maxLineBytes || row !== '')
        .map(({ number, row, length }) => ({
          number,
          row: length > BOUNDS.maxLineBytes ? null : row,
        }));
      expect(lines.map(({ number, bytes }) => ({ number, row: bytes?.toString() ?? null }))).toEqual(
        expected,
      );
    }),
  );
});

test('a line without end is not held: only that it is too long is known of it', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < 90; index += 1) yield Buffer.alloc(1000, 'x');
    yield Buffer.from('\nshort');
  }
  const lines: Line[] = [];
  for await (const line of linesOf(endless(), BOUNDS)) lines.push(line);
  expect(lines.map(({ number, bytes }) => [number, bytes?.toString() ?? null])).toEqual([
    [1, null],
    [2, 'short'],
  ]);
});

test('a stream beyond its bound is given up', async () => {
  async function* tooMuch(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(10_000, '\n');
  }
  const read = async (): Promise<void> => {
    for await (const line of linesOf(tooMuch(), BOUNDS)) expect(line).toBeDefined();
  };
  await expect(read()).rejects.toMatchObject({ code: 'request_too_large' });
});
