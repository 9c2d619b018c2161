import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import { expect, test, vi } from 'vitest';
import { circuitFetch, FAILURES_TO_OPEN } from '../src/transport/circuit-fetch.ts';
import { createFetch } from '../src/transport/fetch-over-tls.ts';

/** A service that answers with a status, or hangs for null. */
async function service(): Promise<
  { url: string; answer: { status: number | null }; asked: () => number } & AsyncDisposable
> {
  const answer: { status: number | null } = { status: 200 };
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    if (answer.status !== null) response.writeHead(answer.status).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    answer,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const OPTIONS = {
  what: 'The service',
  code: 'backend_unavailable',
  openMaxMs: 300,
  probesAlone: true,
} as const;
const REFUSED = { code: 'backend_unavailable', message: expect.stringContaining('was not asked') };

test('[R14] a service that failed five times in a row is not asked, then probed by one, then asked again', async () => {
  await using on = await service();
  const fetch = circuitFetch(createFetch(null), OPTIONS);
  expect((await fetch(on.url)).status).toBe(200);
  on.answer.status = 503;
  for (let failure = 0; failure < FAILURES_TO_OPEN; failure += 1)
    expect((await fetch(on.url)).status).toBe(503);
  const before = on.asked();
  await expect(fetch(on.url)).rejects.toMatchObject(REFUSED);
  expect(on.asked()).toBe(before);

  on.answer.status = 200;
  await vi.waitFor(async () => expect((await fetch(on.url)).status).toBe(200), { timeout: 10_000 });
  expect(on.asked()).toBe(before + 1);
  expect((await fetch(on.url)).status).toBe(200);
});

test('[R14] what is refused for a reason, or called off by its asker, opens nothing', async () => {
  await using on = await service();
  const fetch = circuitFetch(createFetch(null), OPTIONS);
  on.answer.status = 401;
  for (let count = 0; count < 2 * FAILURES_TO_OPEN; count += 1)
    expect((await fetch(on.url)).status).toBe(401);
  on.answer.status = null;
  for (let count = 0; count < 2 * FAILURES_TO_OPEN; count += 1) {
    const controller = new AbortController();
    const asking = fetch(on.url, { signal: controller.signal });
    controller.abort();
    await expect(asking).rejects.toMatchObject({ name: 'AbortError' });
  }
  on.answer.status = 200;
  expect((await fetch(on.url)).status).toBe(200);
});

test('[R14] a service that is given up on has failed; others wait for no probe where they need not', async () => {
  await using on = await service();
  const fetch = circuitFetch(createFetch(null), { ...OPTIONS, probesAlone: false });
  on.answer.status = null;
  const hanging = (): Promise<unknown> => {
    const controller = new AbortController();
    const asking = fetch(on.url, { signal: controller.signal });
    controller.abort(new TillcastError('backend_unavailable', 'It took too long.'));
    return asking;
  };
  for (let failure = 0; failure < FAILURES_TO_OPEN; failure += 1)
    await expect(hanging()).rejects.toMatchObject({ code: 'backend_unavailable' });
  await expect(fetch(on.url)).rejects.toMatchObject(REFUSED);
  await setTimeout(400);
  const probe = new AbortController();
  const probing = fetch(on.url, { signal: probe.signal });
  await vi.waitFor(() => expect(on.asked()).toBeGreaterThan(0));
  on.answer.status = 200;
  expect((await fetch(on.url)).status).toBe(200);
  probe.abort();
  await expect(probing).rejects.toMatchObject({ name: 'AbortError' });
});

test('[R14] a wall clock that is set back keeps no circuit open', async () => {
  await using on = await service();
  const fetch = circuitFetch(createFetch(null), OPTIONS);
  on.answer.status = 500;
  for (let failure = 0; failure < FAILURES_TO_OPEN; failure += 1) await fetch(on.url);
  on.answer.status = 200;
  const wall = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 86_400_000);
  try {
    await expect(fetch(on.url)).rejects.toMatchObject(REFUSED);
    await setTimeout(400);
    expect((await fetch(on.url)).status).toBe(200);
  } finally {
    wall.mockRestore();
  }
});
