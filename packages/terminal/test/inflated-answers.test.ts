import { createServer, type Server } from 'node:http';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createFetch } from '@tillcast/broker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ask, type HttpAnswer } from '../src/sync-client/ask.ts';

/*
 * A small answer may inflate to a huge one: a till reads no further than it must, whoever answers.
 */

const MIB = 1024 * 1024;
const MAX_BYTES = MIB;
const PACK = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync } as const;
const CODINGS = ['gzip', 'br', 'zstd'] as const;
const bomb = Buffer.alloc(128 * MIB, 0x20);

let server: Server;
let baseUrl: string;
beforeAll(async () => {
  const packed = new Map<string, Buffer>();
  for (const coding of CODINGS) {
    packed.set(`/${coding}/bomb`, PACK[coding](bomb));
    packed.set(`/${coding}/good`, PACK[coding](Buffer.from(JSON.stringify({ text: 'x'.repeat(100_000) }))));
  }
  packed.set('/twice/bomb', gzipSync(PACK.gzip(bomb)));
  server = createServer((request, response) => {
    const [, coding = ''] = (request.url ?? '').split('/');
    const status = request.headers['x-refuse'] === undefined ? 200 : 400;
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-encoding': coding === 'twice' ? 'gzip, gzip' : coding,
    });
    response.end(packed.get(request.url ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  baseUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}, 60_000);
afterAll(() => void server.close());

function asked(path: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer<unknown>> {
  return ask(
    {
      fetch: createFetch(null),
      baseUrl,
      method: 'GET',
      path,
      headers,
      body: null,
      schema: z.object({ text: z.string() }),
      maxBytes: MAX_BYTES,
      patience: { silenceMs: 20_000, totalMs: 60_000 },
    },
    new AbortController().signal,
  );
}

test.each(CODINGS)(
  '[S12] an answer in %s that inflates beyond its bound is refused, and one within it is read',
  async (coding) => {
    expect(await asked(`/${coding}/good`)).toMatchObject({ outcome: 'answered' });
    const before = process.memoryUsage.rss();
    expect(await asked(`/${coding}/bomb`)).toMatchObject({
      outcome: 'failed',
      error: { code: 'answer_invalid', message: expect.stringContaining('larger than') },
    });
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * MIB);
    const refused = await asked(`/${coding}/bomb`, { 'x-refuse': 'yes' });
    expect(refused).toMatchObject({ outcome: 'failed', error: { code: 'answer_invalid' } });
  },
);

test('[S12] an answer that is packed twice inflates no further either', async () => {
  expect(await asked('/twice/bomb')).toMatchObject({
    outcome: 'failed',
    error: { message: expect.stringContaining('larger than') },
  });
});
