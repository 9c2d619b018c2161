import { brotliDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { AnswerCache, type LoadedAnswer } from '../../src/sync-api/answer-cache.ts';

const LONG = JSON.stringify({ text: 'Cappuccino '.repeat(1000) });

function loader(
  key: string,
  body: string = LONG,
): { load: () => Promise<LoadedAnswer>; count: () => number } {
  let loads = 0;
  return {
    load: async () => {
      loads += 1;
      return { key, etag: `W/"${key}"`, body };
    },
    count: () => loads,
  };
}

test('[S5] all who ask at once share one read, also in several codings, and one buffer each', async () => {
  const cache = new AnswerCache({ maxBytes: 1_000_000 });
  const { load, count } = loader('a');
  const codings = ['br', 'gzip', 'zstd', 'identity'] as const;
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, index) => cache.get('a', codings[index % 4] ?? 'br', load)),
  );
  expect(count()).toBe(1);
  expect(new Set(answers.map((answer) => answer.body)).size).toBe(4);
  await cache.get('a', 'br', load);
  expect(count()).toBe(1);
});

test('newer content than was asked for is kept under its own name', async () => {
  const cache = new AnswerCache({ maxBytes: 1_000_000 });
  const newer = loader('v2');
  await expect(cache.get('v1', 'br', newer.load)).resolves.toMatchObject({ etag: 'W/"v2"' });
  const never = loader('v2', 'another');
  const answer = await cache.get('v2', 'br', never.load);
  expect(never.count()).toBe(0);
  expect(brotliDecompressSync(answer.body).toString()).toBe(LONG);
});

test('a failure is told to all who waited, and not kept', async () => {
  const cache = new AnswerCache({ maxBytes: 1_000_000 });
  const fail = async (): Promise<LoadedAnswer> => {
    throw new Error('away');
  };
  const waiting = [cache.get('a', 'br', fail), cache.get('a', 'br', fail), cache.get('a', 'identity', fail)];
  for (const each of waiting) await expect(each).rejects.toThrow('away');
  await expect(cache.get('a', 'br', loader('a').load)).resolves.toMatchObject({ encoding: 'br' });
});

test('the bound of bytes holds, and what does not fit at all is answered all the same', async () => {
  const cache = new AnswerCache({ maxBytes: 50_000 });
  for (let version = 0; version < 200; version += 1) {
    const { load } = loader(String(version));
    await cache.get(String(version), version % 2 === 0 ? 'br' : 'identity', load);
    expect(cache.bytes).toBeLessThanOrEqual(50_000);
  }
  const huge = loader('huge', 'x'.repeat(200_000));
  const answer = await cache.get('huge', 'identity', huge.load);
  expect(answer.body).toHaveLength(200_000);
  expect(cache.bytes).toBeLessThanOrEqual(50_000);
});

test('what is too small to compress is sent plain', async () => {
  const cache = new AnswerCache({ maxBytes: 1_000_000 });
  await expect(cache.get('a', 'br', loader('a', '{}').load)).resolves.toMatchObject({ encoding: 'identity' });
});
