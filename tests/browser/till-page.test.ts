import { silentLogger } from '@tillcast/broker';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { parseTerminalConfig, type RunningTerminal, startTerminal } from '@tillcast/terminal';
import { freePort, launchBrowser } from '@tillcast/testkit';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { UNMARKED_WORDS } from './screens.ts';

// The whole path to the eye: backend, RabbitMQ, a till, and its page in a real Chromium.

const KEY = 'EXTRO-LIFE-ABC123';
const WAIT = { timeout: 20_000, interval: 50 };

const started = new AsyncDisposableStack();
let system: TestSystem;
let port: number;
let till: RunningTerminal;
let browser: Browser;
let page: Page;
/** What the browser complained about: errors of the page, and what its content security policy stopped. */
let complaints: string[];

const startTill = (): Promise<RunningTerminal> => {
  const config = parseTerminalConfig({
    LICENSE_KEY: KEY,
    SYNC_API_URL: system.backend.url,
    AMQP_URL: system.virtualHost.amqpUrl,
    TILLCAST_DATA_DIR: system.folder('till'),
    TERMINAL_NAME: 'Counter 1',
    PORT: String(port),
  });
  return startTerminal(config, { logger: silentLogger });
};

const product = (id: string, name: string, price: number, more: object = {}): object => {
  return { op: 'put', kind: 'product', item: { id, name, price, currency: 'GBP', ...more } };
};

beforeAll(async () => {
  system = started.use(await startTestSystem([KEY]));
  await system.commit(
    KEY,
    { op: 'put', kind: 'category', item: { id: 'coffee', name: 'Coffee', color: '#0B6B63' } },
    {
      op: 'put',
      kind: 'modifier',
      item: {
        id: 'milk',
        name: 'Milk',
        currency: 'GBP',
        options: [{ id: 'oat', name: 'Oat milk', price_delta: 0.4 }],
      },
    },
    product('FW', 'Flat white', 3.4, {
      category_id: 'coffee',
      modifier_ids: ['milk'],
      barcode: '5001234560000',
    }),
    product('TAG', '<img src=x onerror=alert(1)>', 1),
    ...Array.from({ length: 400 }, (_, index) => product(`G${index}`, `Gift ${index}`, 2)),
  );
  port = await freePort();
  till = await startTill();
  started.defer(() => till.stop());
  browser = await launchBrowser();
  started.defer(() => browser.close());
});
afterAll(() => started.disposeAsync());

beforeEach(async () => {
  complaints = [];
  page = await browser.newPage({ viewport: { width: 1366, height: 768 }, locale: 'en-GB' });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(till.url);
  await becomes(() => chip().getAttribute('data-status'), 'live');
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

const chip = (): Locator => page.getByTestId('status-chip');
const tile = (id: string): Locator => page.locator(`[data-product-id="${id}"]`);

async function becomes(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  await expect.poll(read, WAIT).toEqual(expected);
}

async function setPrice(price: number): Promise<number> {
  return (await system.commit(KEY, { op: 'set_price', product_id: 'FW', price })).version;
}

test('the page shows which till it is, that it is live, and its catalog, of which it draws what is in sight', async () => {
  expect(await page.getByTestId('terminal-name').textContent()).toBe('Counter 1');
  expect(await chip().textContent()).toMatch(/^Live v\d+$/);
  expect(await page.getByTestId('product-count').textContent()).toBe('402 products');
  const drawn = await page.getByTestId('tile').count();
  expect(drawn).toBeGreaterThan(10);
  expect(drawn).toBeLessThan(100);
});

test('a changed price shows beside the old one, and stands in the activity log with its version', async () => {
  await setPrice(3.4);
  const version = await setPrice(3.6);
  await becomes(() => tile('FW').locator('.tile-price').textContent(), '£3.60');
  expect(await tile('FW').locator('s').textContent()).toBe('£3.40');
  await page.getByTestId('open-menu').click();
  await page.getByTestId('open-activity').click();
  await becomes(
    () => page.getByTestId('activity').first().locator('.log-prices').textContent(),
    '£3.40 → £3.60',
  );
  const line = await page.getByTestId('activity').first().textContent();
  expect(line).toContain(`v${version}`);
  expect(line).toMatch(/\d ms$/);
  await becomes(() => chip().textContent(), `Live v${version}`);
});

test('a product that is added appears, and one that is deleted goes', async () => {
  await system.commit(KEY, product('NEW', 'New in the house', 5, { category_id: 'coffee' }));
  await becomes(() => tile('NEW').count(), 1);
  await system.commit(KEY, { op: 'delete', kind: 'product', id: 'NEW' });
  await becomes(() => tile('NEW').count(), 0);
});

test('a notice is a strip that can be dismissed, and nothing that stands in the way', async () => {
  const body = { type: 'system_notice', message: 'Fresh cake at the counter', severity: 'warning' };
  expect((await system.admin(ADMIN_PATHS.broadcasts, body)).status).toBeLessThan(300);
  await becomes(() => page.getByTestId('notice').count(), 1);
  expect(await page.getByTestId('notice').textContent()).toContain('Fresh cake at the counter');
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await becomes(() => page.getByTestId('notice').count(), 0);
});

test('a scanned barcode puts its product into the order and offers its options, wherever the focus is', async () => {
  await tile('G1').focus();
  await page.keyboard.type('5001234560000');
  await page.keyboard.press('Enter');
  const options = page.getByTestId('options');
  await becomes(() => options.getByRole('heading', { level: 1 }).textContent(), 'Flat white');
  expect(await options.getByTestId('modifier').textContent()).toContain('+£0.40');
  await becomes(() => page.getByTestId('cart-line').count(), 1);
  await page.getByTestId('options-done').click();
  await becomes(() => options.count(), 0);
});

test('a name that is markup is shown as the text that it is', async () => {
  await page.getByTestId('search').fill('onerror');
  await becomes(() => tile('TAG').locator('.tile-name').textContent(), '<img src=x onerror=alert(1)>');
});

test('the chip opens what stands behind it, and Sync now answers', async () => {
  await chip().click();
  const sheet = page.getByTestId('status-sheet');
  expect(await sheet.getByTestId('last-contact').textContent()).toMatch(/^\d+ s ago$/);
  expect(await sheet.getByTestId('content-verified').textContent()).toMatch(/at v\d+([0-9a-f]{4} ?){4}$/);
  await page.getByTestId('sync-now').click();
  await expect
    .poll(() => page.getByTestId('sync-answer').textContent(), WAIT)
    .toMatch(/^Up to date \(v\d+\)$/);
});

test('[P6] when the till program ends, the page says so; when it is back, it shows what changed meanwhile', async () => {
  await till.stop();
  await becomes(() => chip().getAttribute('data-status'), 'needs_attention');
  expect(await page.getByTestId('connection-banner').textContent()).toContain('does not answer');
  await setPrice(4.2);
  till = await startTill();
  await becomes(() => chip().getAttribute('data-status'), 'live');
  await becomes(() => tile('FW').locator('.tile-price').textContent(), '£4.20');
  expect(await page.getByTestId('connection-banner').count()).toBe(0);
});

test.each([
  [1366, 768],
  [800, 600],
])('at %d×%d everything fits, and what is to be touched is 56 pixels high', async (width, height) => {
  await page.setViewportSize({ width, height });
  await becomes(() => page.evaluate('document.documentElement.scrollWidth'), width);
  const heights = await Promise.all(
    (await page.getByRole('button').all()).map(async (button) => {
      return { text: await button.textContent(), height: (await button.boundingBox())?.height ?? 0 };
    }),
  );
  expect(heights.length).toBeGreaterThan(10);
  expect(heights.filter(({ height }) => height < 56)).toEqual([]);
});

test('[T40] in the pseudo-language no word is left unmarked that is not of the catalog', async () => {
  await page.goto(`${till.url}/?lang=en-XA`);
  await becomes(() => chip().getAttribute('data-status'), 'live');
  await page.getByTestId('open-menu').click();
  await becomes(() => page.getByTestId('menu-sheet').count(), 1);
  expect(await page.evaluate(UNMARKED_WORDS)).toEqual([]);
  await page.keyboard.press('Escape');
  await chip().click();
  expect(await page.evaluate(UNMARKED_WORDS)).toEqual([]);
});

test('[T40] in Arabic the page runs from right to left, and nothing is cut off', async () => {
  for (const [width, height] of [
    [1366, 768],
    [800, 600],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.goto(`${till.url}/?lang=ar`);
    await becomes(() => chip().getAttribute('data-status'), 'live');
    expect(await page.evaluate('[document.documentElement.lang, document.dir]')).toEqual(['ar', 'rtl']);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    const name = await page.getByTestId('terminal-name').boundingBox();
    expect(name?.x).toBeGreaterThan(width / 2);
  }
});
