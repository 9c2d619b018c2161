import { brotliDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  AnswerCache,
  type AskedContent,
  type Keeping,
  type LoadedAnswer,
} from '../../src/sync-api/answer-cache.ts';

const LONG = JSON.stringify({ text: 'Cappuccino '.repeat(1000) });

const asked = (key: string, licenseId = 1, keeping: Keeping = 'part'): AskedContent => ({
  licenseId,
  key,
  keeping,
});

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
    Array.from({ length: 400 }, (_, index) => cache.get(asked('a'), codings[index % 4] ?? 'br', load)),
  );
  expect(count()).toBe(1);
  expect(new Set(answers.map((answer) => answer.body)).size).toBe(4);
  await cache.get(asked('a'), 'br', load);
  expect(count()).toBe(1);
});

test('newer content than was asked for is kept under its own name', async () => {
  const cache = new AnswerCache({ maxBytes: 1_000_000 });
  const newer = loader('v2');
  await expect(cache.get(asked('v1'), 'br', newer.load)).resolves.toMatchObject({ etag: 'W/"v2"' });
  const never = loader('v2', 'another');
  const answer = await cache.get(asked('v2'), 'br', never.load);
  expect(never.count()).toBe(0);
  expect(brotliDecompressSync(answer.body).toString()).toBe(LONG);
});

test('a failure is told to all who waited, and not kept', async () => {
  const cache = new AnswerCache({ maxBytes: 1_000_000 });
  const fail = async (): Promise<LoadedAnswer> => {
    throw new Error('away');
  };
  const waiting = [
    cache.get(asked('a'), 'br', fail),
    cache.get(asked('a'), 'br', fail),
    cache.get(asked('a'), 'identity', fail),
  ];
  for (const each of waiting) await expect(each).rejects.toThrow('away');
  await expect(cache.get(asked('a'), 'br', loader('a').load)).resolves.toMatchObject({ encoding: 'br' });
});

test('the bound of bytes holds, and what does not fit at all is answered all the same', async () => {
  const cache = new AnswerCache({ maxBytes: 50_000 });
  for (let version = 0; version < 200; version += 1) {
    const { load } = loader(String(version));
    await cache.get(asked(String(version)), version % 2 === 0 ? 'br' : 'identity', load);
    expect(cache.bytes).toBeLessThanOrEqual(50_000);
  }
  const huge = loader('huge', 'x'.repeat(200_000));
  const answer = await cache.get(asked('huge'), 'identity', huge.load);
  expect(answer.body).toHaveLength(200_000);
  expect(cache.bytes).toBeLessThanOrEqual(50_000);
});

test('what is too small to compress is sent plain', async () => {
  const cache = new AnswerCache({ maxBytes: 1_000_000 });
  await expect(cache.get(asked('a'), 'br', loader('a', '{}').load)).resolves.toMatchObject({
    encoding: 'identity',
  });
});

test('[F10] one license drops no more than its own share: what others hold stays', async () => {
  const cache = new AnswerCache({ maxBytes: 100_000 });
  const other = loader('other');
  await cache.get(asked('other', 2), 'identity', other.load);
  const own = loader('own');
  await cache.get(asked('own', 1), 'identity', own.load);
  for (let since = 0; since < 50; since += 1) {
    const key = `page ${since}`;
    for (const coding of ['br', 'identity'] as const) {
      const page = loader(key, 'x'.repeat(5_000));
      const answer = await cache.get(asked(key, 1, 'page'), coding, page.load);
      expect(answer.encoding).toBe(coding);
    }
  }
  for (const { licenseId, key, load, count } of [
    { licenseId: 1, key: 'own', ...own },
    { licenseId: 2, key: 'other', ...other },
  ]) {
    await cache.get(asked(key, licenseId), 'identity', load);
    expect([key, count()]).toEqual([key, 1]);
  }
  // Pages have an eighth of the half that plain bodies have: one of these.
  const last = loader('page 49', 'x'.repeat(5_000));
  await cache.get(asked('page 49', 1, 'page'), 'identity', last.load);
  expect(last.count()).toBe(0);
});

test('[F10] what nobody else will ask for is answered and not kept', async () => {
  const cache = new AnswerCache({ maxBytes: 100_000 });
  const odd = loader('odd');
  for (let turn = 0; turn < 3; turn += 1) {
    const answers = [asked('odd', 1, 'odd'), asked('odd', 1, 'odd')].map((each) =>
      cache.get(each, 'zstd', odd.load),
    );
    await expect(Promise.all(answers)).resolves.toHaveLength(2);
  }
  expect({ bytes: cache.bytes, reads: odd.count() }).toEqual({ bytes: 0, reads: 3 });
});

test('[F10] of one license four contents are read at once, and another license waits for none of them', async () => {
  const cache = new AnswerCache({ maxBytes: 1_000_000 });
  const { promise: given, resolve: give } = Promise.withResolvers<void>();
  let reading = 0;
  let most = 0;
  const slow = (key: string) => async (): Promise<LoadedAnswer> => {
    reading += 1;
    most = Math.max(most, reading);
    await given;
    reading -= 1;
    return { key, etag: null, body: LONG };
  };
  const answers = Array.from({ length: 40 }, (_, index) =>
    cache.get(asked(`page ${index}`, 1, 'page'), index % 2 === 0 ? 'br' : 'identity', slow(`page ${index}`)),
  );
  await expect(cache.get(asked('other', 2), 'br', loader('other').load)).resolves.toMatchObject({
    encoding: 'br',
  });
  expect(reading).toBe(4);
  give();
  await Promise.all(answers);
  expect(most).toBe(4);
});
