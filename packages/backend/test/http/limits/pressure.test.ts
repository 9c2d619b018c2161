import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { openTestApp } from '../test-app.ts';

/** Keeps the event loop from everything else. */
function hog(durationMs: number): void {
  const end = performance.now() + durationMs;
  while (performance.now() < end);
}

test('[F7] a process whose event loop is late turns requests away until it is over, and still tells its health', async () => {
  await using on = await openTestApp({ maxEventLoopDelayMs: 20 });
  let going = true;
  const hogging = (async () => {
    while (going) {
      hog(100);
      await sleep(1);
    }
  })();
  const ask = (): ReturnType<typeof on.get> => on.sync('/api/v1/sync/version');
  await vi.waitFor(async () => expect((await ask()).statusCode).toBe(503), { timeout: 30_000 });
  const refused = await ask();
  expect(refused.json()).toMatchObject({ code: 'overloaded' });
  expect(refused.headers['retry-after']).toMatch(/^\d+$/);
  expect((await on.get('/health')).statusCode).toBe(200);
  expect((await on.get('/.well-known/jwks.json')).statusCode).toBe(200);
  expect((await on.get('/metrics')).body).toContain('tillcast_shed_requests_total{reason="eventLoopDelay"}');

  going = false;
  await hogging;
  await vi.waitFor(async () => expect((await ask()).statusCode).toBe(200), { timeout: 30_000 });
});
