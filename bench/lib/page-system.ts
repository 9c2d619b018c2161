import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { BrokerConnection, Publisher, silentLogger } from '@tillcast/broker';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { freePort } from '@tillcast/testkit';
import type { Browser, Page } from 'playwright-core';
import type { BenchContext } from './benchmark.ts';
import { startChild } from './child.ts';
import { MovingCatalog } from './moving-catalog.ts';
import { openProbed } from './page-probe.ts';

/** What shows prices in a browser, and can be told new ones. */
export interface ShownPrices extends AsyncDisposable {
  readonly page: Page;
  /** Those that are on the screen. */
  readonly visible: readonly string[];
  /** Those that are not. */
  readonly hidden: readonly string[];
  readonly setPrice: (id: string, price: number) => void;
}

/** A till with its page: as it comes from the broker a change is verified, committed and shown. */
export interface PagedTill extends AsyncDisposable {
  readonly url: string;
  readonly catalog: MovingCatalog;
  readonly setPrice: (id: string, price: number) => void;
}

/** Starts a real till with so many products in a process of its own. */
export async function startPagedTill(context: BenchContext, products: number): Promise<PagedTill> {
  await using stack = new AsyncDisposableStack();
  const catalog = new MovingCatalog(parseLicenseKey(`BENCH-PAGE-${products}`), products);
  const connection = stack.use(
    new BrokerConnection({ urls: [context.amqpUrl], connectionName: 'bench', logger: silentLogger }),
  );
  connection.start();
  const publisher = stack.use(new Publisher({ connection }));
  publisher.start();
  await publisher.whenReady(30_000);
  const backend = stack.use(await catalog.serve());
  const environment = {
    LICENSE_KEY: catalog.licenseKey,
    SYNC_API_URL: backend.url,
    AMQP_URL: context.amqpUrl,
    TILLCAST_DATA_DIR: await context.folder(),
    PORT: String(await freePort()),
    LOG_LEVEL: 'silent',
  };
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const till = stack.use(await startChild(new URL('./terminal-process.ts', import.meta.url), settings));
  const kept = stack.move();
  return {
    url: till.url,
    catalog,
    setPrice: (id, price) => void publisher.publish(catalog.setPrice(id, price)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Opens the till's page, as a browser does that was never there. */
export async function openTillPage(
  browser: Browser,
  till: Pick<PagedTill, 'url'>,
  slower = 1,
): Promise<AsyncDisposable & { readonly page: Page }> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'en-GB' });
  const page = await context.newPage();
  await openProbed(page, till.url, slower);
  // By asking again: the page's content security policy stops what would wait in it.
  for (let waitedMs = 0; !(await page.evaluate('benchProbe.usableMs > 0')); waitedMs += 100) {
    if (waitedMs > 30_000) throw new Error(`The page at ${till.url} shows no product.`);
    await pause(100);
  }
  return { page, [Symbol.asyncDispose]: () => context.close() };
}

/** A till's page that is live. */
export async function showTill(
  context: BenchContext,
  browser: Browser,
  products: number,
): Promise<ShownPrices> {
  await using stack = new AsyncDisposableStack();
  const till = stack.use(await startPagedTill(context, products));
  await isLive(till.url);
  const { page } = stack.use(await openTillPage(browser, till));
  const visible = await page.evaluate<readonly string[]>(
    `[...document.querySelectorAll('[data-product-id]')].map(({ dataset }) => dataset.productId)`,
  );
  const kept = stack.move();
  return {
    page,
    visible,
    hidden: till.catalog.products.filter((id) => !visible.includes(id)),
    setPrice: till.setPrice,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function isLive(url: string): Promise<void> {
  let told = '';
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 100) {
    told = await (await fetch(`${url}/api/state`)).text();
    if (told.includes('"status":"live"')) return;
    await pause(100);
  }
  throw new Error(`The till is not live: ${told}`);
}

/** A static page that is told of the same changes by a bare stream of events, from a process of its own. */
export async function showStatic(browser: Browser): Promise<ShownPrices> {
  const child: ChildProcess = fork(new URL('./static-page-process.ts', import.meta.url), { execArgv: [] });
  const told: unknown[] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const [url] = told;
  if (typeof url !== 'string') throw new Error('The static page did not start.');
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'en-GB' });
  const page = await context.newPage();
  await openProbed(page, url);
  const visible = await page.evaluate<readonly string[]>(
    `[...document.querySelectorAll('li')].map(({ id }) => id)`,
  );
  return {
    page,
    visible,
    hidden: ['not-there'],
    setPrice: (id, price) => void child.send({ id, text: priceText(price) }),
    [Symbol.asyncDispose]: async () => {
      await context.close();
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** A price as pages show it. */
export function priceText(price: number): string {
  return `£${price.toFixed(2)}`;
}
