import { silentLogger } from '@tillcast/broker';
import { expect, test, vi } from 'vitest';
import type { TillClock } from '../../src/replica/till-clock.ts';
import type { SalesFile } from '../../src/sales/sales-file.ts';
import { Uploader } from '../../src/sales/uploader.ts';
import { type Manner, SalesServer } from './sales-server.ts';
import { openSold, sell, tillFolder } from './sold.ts';

/** Time that passes a hundred times as fast, so that waits of seconds are none. */
const quick: TillClock = {
  nowMs: () => Date.now(),
  steadyMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs / 100);
    return () => clearTimeout(timer);
  },
};

function uploaderOf(file: SalesFile, server: SalesServer): Uploader {
  const credentials = { headers: () => Promise.resolve({}), isOutdated: () => false };
  const peer = { baseUrl: server.url, credentials, fetch };
  return new Uploader({
    file,
    peer,
    clock: quick,
    random: () => 0.5,
    logger: silentLogger,
    onChange: () => undefined,
  });
}

async function sent(file: SalesFile): Promise<void> {
  await vi.waitFor(() => expect(file.countUnsent().waiting).toBe(0), { timeout: 20_000, interval: 20 });
}

const manners: readonly (readonly [string, readonly Manner[]])[] = [
  ['an answer that is lost', ['lost answer', 'lost answer']],
  ['a page of a hotel', ['html', 'html', 'html']],
  ['a status 500', ['status 500', 'status 500']],
  ['a status 503', ['status 503']],
  ['half an answer', ['half a JSON']],
];

test.each(manners)(
  '[U24] [U25] after %s all sales are taken, each once, and none is rejected',
  async (_what, next) => {
    using folder = tillFolder();
    using file = openSold(folder.file);
    await using server = await SalesServer.start();
    server.next.push(...next);
    const sales = Array.from({ length: 7 }, () => sell(file));
    const uploader = uploaderOf(file, server);
    uploader.start();
    await sent(file);
    await uploader.stop();
    expect([...server.taken.keys()].toSorted()).toEqual(sales.map(({ id }) => id).toSorted());
    expect(file.countUnsent().rejected).toBe(0);
  },
);

test('[U24] one bad sale is parked with its reason, and those before and after it go through', async () => {
  using folder = tillFolder();
  using file = openSold(folder.file);
  await using server = await SalesServer.start();
  const sales = Array.from({ length: 9 }, () => sell(file));
  const bad = sales[4];
  if (bad === undefined) throw new Error('there are nine');
  server.rejects.add(bad.id);
  const uploader = uploaderOf(file, server);
  uploader.start();
  await sent(file);
  await uploader.stop();
  expect(server.taken.size).toBe(8);
  expect(file.sale(bad.id)).toMatchObject({
    state: 'rejected',
    code: 'sale_invalid',
    detail: 'Its sums do not hold.',
  });
  // Sent again, once the reason is gone, it goes through.
  server.rejects.clear();
  file.retry(bad.id);
  const again = uploaderOf(file, server);
  again.start();
  await sent(file);
  await again.stop();
  expect(server.taken.get(bad.id)).toBe(1);
});

test('[U24] a sale that the server fails over every time holds up no other', async () => {
  using folder = tillFolder();
  using file = openSold(folder.file);
  await using server = await SalesServer.start();
  const sales = Array.from({ length: 20 }, () => sell(file));
  const [poison] = sales;
  if (poison === undefined) throw new Error('there are twenty');
  server.failsOver.add(poison.id);
  const uploader = uploaderOf(file, server);
  uploader.start();
  await vi.waitFor(() => expect(server.taken.size).toBe(19), { timeout: 20_000 });
  await uploader.stop();
  expect(file.sale(poison.id)).toMatchObject({ state: 'saved' });
});

test('[U26] the same sales sent again bear the same key, and a till that is stopped in mid-sending has lost nothing', async () => {
  using folder = tillFolder();
  using file = openSold(folder.file);
  await using server = await SalesServer.start();
  server.next.push('nothing');
  const sale = sell(file);
  const uploader = uploaderOf(file, server);
  uploader.start();
  await vi.waitFor(() => expect(server.requests).toHaveLength(1));
  expect(uploader.sending).toEqual(new Set([sale.id]));
  await uploader.stop();
  expect(file.countUnsent().waiting).toBe(1);
  const next = uploaderOf(file, server);
  next.start();
  await sent(file);
  expect(server.requests.map(({ key }) => key)).toEqual([server.requests[0]?.key, server.requests[0]?.key]);
  // A sale that is saved while nothing waits goes at once.
  sell(file);
  next.wake();
  await sent(file);
  await next.stop();
  expect(new Set(server.requests.map(({ key }) => key)).size).toBe(2);
});
