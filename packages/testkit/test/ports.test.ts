import { createServer } from 'node:net';
import { freePort, isFree } from '@tillcast/testkit';
import { expect, test } from 'vitest';

test('a free port is below those that the system uses for outgoing connections, and can be listened on', async () => {
  const port = await freePort();
  expect(port).toBeGreaterThanOrEqual(12_000);
  expect(port).toBeLessThan(32_768);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await isFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  expect(await isFree(port)).toBe(true);
});
