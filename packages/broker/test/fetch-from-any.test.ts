import { createServer, type RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { fetchFromAny } from '../src/transport/fetch-from-any.ts';
import { createFetch } from '../src/transport/fetch-over-tls.ts';

interface Service extends AsyncDisposable {
  readonly url: string;
  readonly asked: string[];
}

/** A service of its own address. */
async function service(listener: RequestListener): Promise<Service> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

const plain = createFetch(null);
const well = (): Promise<Service> => service((_, response) => void response.end('well'));

test('[B41] where the first address is not there, the next is asked at once, and stays the one that is asked', async () => {
  const gone = await well();
  await gone[Symbol.asyncDispose]();
  await using there = await well();
  const fetch = fetchFromAny([gone.url, there.url], plain);
  for (const path of ['/a', '/b?c=d']) expect(await (await fetch(gone.url + path)).text()).toBe('well');
  expect(there.asked).toEqual(['/a', '/b?c=d']);
});

test('[B41] where none is there, the asker is told, and each was asked once', async () => {
  const gone = [await well(), await well()];
  for (const each of gone) await each[Symbol.asyncDispose]();
  const tried: string[] = [];
  const fetch = fetchFromAny(
    gone.map(({ url }) => url),
    (url, init) => {
      tried.push(String(url));
      return plain(url, init);
    },
  );
  await expect(fetch(`${gone[0]?.url}/x`)).rejects.toThrow('fetch failed');
  expect(tried).toEqual(gone.map(({ url }) => `${url}/x`));
});

test('[B41] what one took and did not answer is not put to another, for it may be done; the next question goes elsewhere', async () => {
  await using torn = await service((request) => request.socket.destroy());
  await using there = await well();
  const fetch = fetchFromAny([torn.url, there.url], plain);
  await expect(fetch(`${torn.url}/sale`, { method: 'POST', body: '{}' })).rejects.toThrow('fetch failed');
  expect(there.asked).toEqual([]);
  expect(await (await fetch(`${torn.url}/sale`, { method: 'POST', body: '{}' })).text()).toBe('well');
});

test('[B41] who hangs until the asker gives up, and who answers 503, is left for the other', async () => {
  await using hanging = await service(() => undefined);
  await using busy = await service((_, response) => void response.writeHead(503).end());
  await using there = await well();
  const fetch = fetchFromAny([hanging.url, busy.url, there.url], plain);
  await expect(fetch(`${hanging.url}/`, { signal: AbortSignal.timeout(50) })).rejects.toThrow('timeout');
  expect((await fetch(`${hanging.url}/`)).status).toBe(503);
  expect((await fetch(`${hanging.url}/`)).status).toBe(200);
});
