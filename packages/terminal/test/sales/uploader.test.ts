import { silentLogger } from '@tillcast/broker';
import { SALES_UPLOAD_MAX_BYTES } from '@tillcast/protocol/http/sales-api';
import { expect, test, vi } from 'vitest';
import type { TillClock } from '../../src/replica/till-clock.ts';
import type { SalesFile } from '../../src/sales/sales-file.ts';
import { Uploader } from '../../src/sales/uploader.ts';
import { type Manner, SalesServer } from './sales-server.ts';
import { openSold, sell, sellLong, tillFolder } from './sold.ts';

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

test('[Z4] a server that names another history than before is handed in again what it accepted, what was not sent yet first', async () => {
  using folder = tillFolder();
  using file = openSold(folder.file);
  await using server = await SalesServer.start();
  const sales = Array.from({ length: 3 }, () => sell(file));
  const uploader = uploaderOf(file, server);
  uploader.start();
  await sent(file);
  // Restored from a backup in which the last two are not.
  server.epoch = 'm4n6m4n6m4n6m4n6';
  for (const { id } of sales.slice(1)) server.taken.delete(id);
  uploader.heardHistory(server.epoch);
  expect(file.countUnsent().waiting).toBe(3);
  const later = sell(file);
  expect(file.waitingSales(10).map(({ sale }) => sale.id)).toEqual([later, ...sales].map(({ id }) => id));
  await sent(file);
  await uploader.stop();
  expect([...server.taken.keys()].toSorted()).toEqual([...sales, later].map(({ id }) => id).toSorted());
  // What is known is told once: the next report changes nothing.
  uploader.heardHistory(server.epoch);
  expect(file.countUnsent().waiting).toBe(0);
});

test('[Z4] the answer to a batch tells of it too, is believed from the second one on, and after a restart', async () => {
  using folder = tillFolder();
  await using server = await SalesServer.start();
  const sold: string[] = [];
  for (const epoch of ['k3v9k3v9k3v9k3v9', 'm4n6m4n6m4n6m4n6', 'p7q8p7q8p7q8p7q8']) {
    using file = openSold(folder.file);
    server.epoch = epoch;
    server.taken.clear();
    sold.push(sell(file).id);
    const uploader = uploaderOf(file, server);
    uploader.start();
    await vi.waitFor(() => expect(file.history).toBe(epoch), { timeout: 20_000 });
    await sent(file);
    await uploader.stop();
    expect([...server.taken.keys()].toSorted()).toEqual(sold.toSorted());
  }
});

test('[Z4] an answer that was on its way while the server was restored takes nothing', async () => {
  using folder = tillFolder();
  using file = openSold(folder.file);
  await using server = await SalesServer.start();
  const first = sell(file);
  const uploader = uploaderOf(file, server);
  uploader.start();
  await sent(file);
  const answered = Promise.withResolvers<void>();
  server.beforeAnswer = () => answered.promise;
  const second = sell(file);
  uploader.wake();
  await vi.waitFor(() => expect(server.requests).toHaveLength(2));
  // Taken by the database that is no more; meanwhile a report tells of the one in its place.
  server.epoch = 'm4n6m4n6m4n6m4n6';
  server.taken.clear();
  server.beforeAnswer = () => Promise.resolve();
  uploader.heardHistory(server.epoch);
  answered.resolve();
  await sent(file);
  await uploader.stop();
  expect([...server.taken.keys()].toSorted()).toEqual([first.id, second.id].toSorted());
});

test('[U40] sales of many lines go in as many requests as it takes for each to be no longer than the server takes', async () => {
  using folder = tillFolder();
  using file = openSold(folder.file);
  await using server = await SalesServer.start();
  const sales = Array.from({ length: 60 }, () => sellLong(file, 40));
  const uploader = uploaderOf(file, server);
  uploader.start();
  await sent(file);
  await uploader.stop();
  const bytes = server.requests.map((request) => request.bytes);
  expect(Math.max(...bytes)).toBeLessThanOrEqual(SALES_UPLOAD_MAX_BYTES);
  const together = sales.reduce((sum, sale) => sum + Buffer.byteLength(JSON.stringify(sale)), 0);
  expect(bytes).toHaveLength(Math.ceil(together / SALES_UPLOAD_MAX_BYTES));
  expect([...server.taken.values()]).toEqual(sales.map(() => 1));
});
