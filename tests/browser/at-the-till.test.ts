import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@tillcast/broker';
import { parseTerminalConfig, type RunningTerminal, startTerminal } from '@tillcast/terminal';
import { freePort, launchBrowser } from '@tillcast/testkit';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { root } from '../house/repository.ts';
import { type Gateway, openGateway } from '../support/gateway.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

/*
 * What cashiers complain of at the tills of others, each as a test that ours does not do it: a real till with its
 * page in a real Chromium, its server behind a gateway that can be shut.
 */

const KEY = 'EXTRO-LIFE-ABC123';
const WAIT = { timeout: 60_000, interval: 50 };

const started = new AsyncDisposableStack();
let system: TestSystem;
let gateway: Gateway;
let till: RunningTerminal;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  system = started.use(await startTestSystem([KEY]));
  const menu = readFileSync(join(root, 'demo', 'cafe-nord', 'menu.jsonl'), 'utf8')
    .trim()
    .split('\n');
  await system.commit(KEY, ...menu.map((line): unknown => JSON.parse(line)));
  gateway = started.use(await openGateway());
  gateway.lead(Number(new URL(system.backend.url).port));
  const config = parseTerminalConfig({
    LICENSE_KEY: KEY,
    SYNC_API_URL: `http://127.0.0.1:${gateway.port}`,
    AMQP_URL: system.virtualHost.amqpUrl,
    TILLCAST_DATA_DIR: system.folder('till'),
    TERMINAL_NAME: 'Bar',
    PORT: String(await freePort()),
  });
  till = await startTerminal(config, { logger: silentLogger });
  started.defer(() => till.stop());
  browser = await launchBrowser();
  started.defer(() => browser.close());
});
afterAll(() => started.disposeAsync());

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1366, height: 768 }, locale: 'en-GB' });
  await page.goto(till.url);
  await becomes(() => chip().getAttribute('data-status'), 'live');
  await signIn();
});
afterEach(() => page.close());

const chip = (): Locator => id('status-chip');
const id = (name: string): Locator => page.getByTestId(name);
const tile = (product: string): Locator => page.locator(`[data-product-id="${product}"]`);
const option = (name: string): Locator => page.locator(`[data-option-id="${name}"]`);

async function becomes(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  await expect.poll(read, WAIT).toEqual(expected);
}

/** Mia is the manager; the PIN is that of the demo's README. */
async function signIn(): Promise<void> {
  await id('sign-in').or(id('cart')).first().waitFor();
  if ((await id('sign-in').count()) === 0) return;
  await page.getByRole('button', { name: 'Mia' }).click();
  await page.keyboard.type('4711');
  await page.keyboard.press('Enter');
  await id('cart').waitFor();
}

/** Puts the page back to selling, with nothing in the order. */
async function toProducts(): Promise<void> {
  if ((await id('new-sale').count()) > 0) await id('new-sale').click();
  await page.getByRole('button', { name: /^Coffee/ }).click();
}

async function sellCoffee(): Promise<void> {
  await toProducts();
  await tile('flat-white').click();
  await option('oat').click();
  await becomes(() => id('line-total').first().textContent(), '€4.00');
  await id('pay-button').first().click();
  await id('cash-exact').click();
  await becomes(() => id('paid-change').textContent(), '€0.00');
}

/** How many sales the till knows, and how many of them the server has not taken. */
async function counts(): Promise<{ readonly unsent: number; readonly sales: number }> {
  const state = (await (await fetch(`${till.url}/api/state`)).json()) as { unsent_sales: number };
  await id('open-menu').click();
  await id('menu-sales').click();
  const sales = await id('sale').count();
  await id('back').click();
  return { unsent: state.unsent_sales, sales };
}

test('[T42] a coffee with oat milk is sold with four taps', async () => {
  await toProducts();
  let taps = 0;
  const tap = async (target: Locator): Promise<void> => {
    await target.click();
    taps += 1;
  };
  await tap(tile('cappuccino'));
  await tap(option('oat'));
  await becomes(() => id('line-total').first().textContent(), '€3.80');
  await tap(id('pay-button').first());
  await tap(id('cash-exact'));
  await becomes(() => id('paid').count(), 1);
  expect(taps).toBeLessThanOrEqual(4);
});

test('no green light while sales are unsent, and their count in sight; live again by itself when the network is back', async () => {
  await gateway.shut();
  await sellCoffee();
  await becomes(() => id('unsent').textContent(), '1 unsent');
  await becomes(() => chip().getAttribute('data-status'), 'offline');
  // Offline is a line of text, and in nobody's way.
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await id('connection-banner').textContent()).toContain('Selling works');
  expect(await id('sale-state').first().getAttribute('data-state')).toBe('saved');
  await gateway.open();
  await becomes(() => chip().getAttribute('data-status'), 'live');
  await becomes(() => id('unsent').count(), 0);
  await becomes(() => id('sale-state').first().getAttribute('data-state'), 'accepted');
});

test('[P5] a button that is pressed twice in haste makes one sale', async () => {
  const before = (await counts()).sales;
  await toProducts();
  await tile('espresso').click();
  await id('options-done').click();
  await id('pay-button').first().click();
  await id('cash-exact').dblclick();
  await becomes(() => id('paid').count(), 1);
  expect((await counts()).sales).toBe(before + 1);
});

test('[T43] the page that is opened anew shows the same order at the same place, and the browser held nothing', async () => {
  await toProducts();
  await tile('flat-white').click();
  await option('oat').click();
  await becomes(() => id('line-total').first().textContent(), '€4.00');
  await id('pay-button').first().click();
  await id('pay').waitFor();
  // What is kept is told at once; the till is asked for it here, since no sign of it is on the page.
  await expect
    .poll(async () => JSON.stringify(await (await page.request.get(`${till.url}/api/screen`)).json()), WAIT)
    .toContain('"pay"');
  expect(
    await page.evaluate(
      'Promise.all([localStorage.length, sessionStorage.length, indexedDB.databases().then((all) => all.length), caches.keys().then((all) => all.length)])',
    ),
  ).toEqual([0, 0, 0, 0]);
  await page.reload();
  await id('pay').waitFor();
  expect(await id('pay-due').textContent()).toBe('€4.00');
  await id('cash-exact').click();
  await becomes(() => id('paid').count(), 1);
});

test('[U4] a price that changes under an open order flashes on its tile, and the line keeps its own and says so', async () => {
  await toProducts();
  await tile('flat-white').click();
  await id('options-done').click();
  await system.commit(KEY, { op: 'set_price', product_id: 'flat-white', price: 3.9 });
  await becomes(() => tile('flat-white').locator('.tile-price').textContent(), '€3.90');
  expect(await tile('flat-white').locator('s').textContent()).toBe('€3.60');
  await becomes(() => id('line-now').textContent(), 'now €3.90');
  expect(await id('line-total').first().textContent()).toBe('€3.60');
  await id('pay-button').first().click();
  expect(await id('pay-due').textContent()).toBe('€3.60');
  await id('cash-exact').click();
  await becomes(() => id('paid').count(), 1);
  await system.commit(KEY, { op: 'set_price', product_id: 'flat-white', price: 3.6 });
});

test('a scanner adds what it scans, wherever the focus is, and says what it does not know', async () => {
  await toProducts();
  await tile('cortado').focus();
  await page.keyboard.type('flat-white');
  await page.keyboard.press('Enter');
  await becomes(() => id('cart-line').count(), 1);
  await page.keyboard.type('0000000000000');
  await page.keyboard.press('Enter');
  await becomes(() => id('trouble').count(), 1);
  expect(await id('trouble').textContent()).toContain('0000000000000');
  await id('search').fill('');
  await id('cart-line').click();
  await id('remove-line').click();
  await becomes(() => id('cart-line').count(), 0);
});

test('[T44] a sale by keyboard alone', async () => {
  await toProducts();
  await page.keyboard.press('/');
  await page.keyboard.type('espresso');
  await becomes(() => id('tile').first().getAttribute('data-product-id'), 'espresso');
  await tile('espresso').focus();
  await page.keyboard.press('Enter');
  await becomes(() => id('cart-line').count(), 1);
  const press = async (target: Locator, key: string): Promise<void> => {
    await target.first().focus();
    await page.keyboard.press(key);
  };
  await press(id('pay-button'), 'Enter');
  await id('pay').waitFor();
  await page.keyboard.type('1000');
  await becomes(() => id('change').textContent(), '€7.60');
  await page.keyboard.press('Enter');
  await becomes(() => id('paid-change').textContent(), '€7.60');
});

test('[P7] signing out is refused while sales wait, and nothing of them is lost', async () => {
  await gateway.shut();
  await sellCoffee();
  await becomes(() => id('unsent').textContent(), '1 unsent');
  await id('open-menu').click();
  await id('sign-out').click();
  await id('export-sheet').waitFor();
  await page.keyboard.press('Escape');
  expect(await id('sign-in').count()).toBe(0);
  await gateway.open();
  await becomes(() => id('unsent').count(), 0);
});

test('a wrong PIN is refused in words', async () => {
  await id('open-menu').click();
  await id('sign-out').click();
  await id('sign-in').waitFor();
  await page.getByRole('button', { name: 'Jonas' }).click();
  await page.keyboard.type('9999');
  await page.keyboard.press('Enter');
  await expect.poll(() => id('pin-refused').textContent(), WAIT).toMatch(/PIN/);
  await signIn();
});
