import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchBrowser } from '@tillcast/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTillcast } from '../../packages/cli/test/child-cli.ts';
import { root } from '../house/repository.ts';
import { type Announcement, demoPorts, startDemo } from './demo-process.ts';

/*
 * The demo as a visitor sees it: started as a process, both tills open in a browser, the three commands of its
 * banner in a second shell. Pictures go to test-results/screenshots; with TILLCAST_TEST_SCREENSHOTS=keep, to
 * docs/screenshots, which the README shows.
 */

const RETAIL = 'EXTRO-LIFE-ABC123';
const WAIT = { timeout: 30_000, interval: 50 };
const kept = process.env['TILLCAST_TEST_SCREENSHOTS'] === 'keep';
const pictures = kept ? join(root, 'docs', 'screenshots') : join(root, 'test-results', 'screenshots');

const started = new AsyncDisposableStack();
let running: Announcement;
let browser: Browser;
let shop: Page;
let cafe: Page;

beforeAll(async () => {
  await mkdir(pictures, { recursive: true });
  const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-pages-'));
  started.defer(() => rm(dataDir, { recursive: true, force: true }));
  const demo = startDemo(dataDir, await demoPorts());
  started.defer(async () => {
    demo.signal('SIGINT');
    expect(await demo.exited).toMatchObject({ code: 0 });
  });
  running = await demo.running;
  browser = await launchBrowser();
  started.defer(() => browser.close());
  [shop, cafe] = await Promise.all([openTill(0), openTill(1)]);
  await signIn(cafe);
}, 240_000);

afterAll(() => started.disposeAsync());

async function openTill(index: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 }, locale: 'en-GB' });
  await page.goto(running.terminals[index]?.url ?? '');
  await page.locator('[data-testid=status-chip][data-status=live]').waitFor();
  return page;
}

/** The café has staff: Mia is its manager, and her PIN stands in the demo's README. */
async function signIn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Mia' }).click();
  await page.keyboard.type('4711');
  await page.keyboard.press('Enter');
  await page.getByTestId('cart').waitFor();
}

async function tillcast(...words: string[]): Promise<void> {
  const env = { TILLCAST_DATA_DIR: running.data_dir };
  expect(await runTillcast(words, { cwd: running.data_dir, env })).toMatchObject({ code: 0 });
}

/** Opens the log of what has changed; Escape closes it again. */
async function openActivity(page: Page): Promise<void> {
  await page.getByTestId('open-menu').click();
  await page.getByTestId('open-activity').click();
}

/** What a page says of its till: the chip, and each line of the log. */
async function seenOn(page: Page): Promise<readonly (string | null)[]> {
  await openActivity(page);
  const lines = await page.getByTestId('activity').allTextContents();
  await page.keyboard.press('Escape');
  return [await page.getByTestId('status-chip').textContent(), ...lines];
}

/** A picture without anything in the middle of its movement. */
async function picture(page: Page, name: string): Promise<void> {
  // A text for the browser: this side of the test knows no document.
  await page.evaluate('Promise.all(document.getAnimations().map((animation) => animation.finished))');
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

test('[K4] [P1] a published price flashes on the tile of one till, and the other does not stir', async () => {
  await cafe.getByRole('button', { name: /^Bakery/ }).click();
  await cafe.locator('[data-product-id="croissant"]').dblclick();
  await cafe.getByRole('button', { name: /^Coffee/ }).click();
  await cafe.locator('[data-product-id="flat-white"]').click();
  await cafe.locator('[data-option-id="oat"]').click();
  await expect.poll(() => cafe.getByTestId('cart-line').count(), WAIT).toBe(2);
  await expect.poll(() => cafe.getByTestId('line-total').last().textContent(), WAIT).toBe('€4.00');
  await picture(cafe, 'till-options');
  await cafe.getByTestId('options-done').click();
  await picture(cafe, 'till-cafe');
  await cafe.getByTestId('pay-button').first().click();
  await cafe.keyboard.type('2000');
  await picture(cafe, 'till-pay');
  await cafe.keyboard.press('Enter');
  await cafe.getByTestId('paid').waitFor();
  await expect.poll(() => cafe.getByTestId('sale-state').getAttribute('data-state'), WAIT).toBe('accepted');
  await picture(cafe, 'till-paid');
  const before = await seenOn(cafe);
  await shop.getByTestId('search').fill('heart t-light');
  const tile = shop.locator('[data-product-id="85123A"]');
  await expect.poll(() => tile.count(), WAIT).toBe(1);
  await tillcast('publish', 'price', '--license', RETAIL, '--product', '85123A', '--price', '2.95');
  await expect.poll(() => tile.locator('.tile-price').textContent(), WAIT).toBe('£2.95');
  await picture(shop, 'till-price-change');
  await openActivity(shop);
  await expect
    .poll(() => shop.getByTestId('activity').first().textContent(), WAIT)
    .toContain('£2.55 → £2.95');
  await shop.keyboard.press('Escape');
  expect(await seenOn(cafe)).toEqual(before);
});

test('[L3] a broadcast shows on both tills', async () => {
  await tillcast(
    'broadcast',
    'system_notice',
    '--message',
    'Maintenance tonight at 22:00',
    '--severity',
    'warning',
  );
  for (const page of [shop, cafe]) {
    await expect.poll(() => page.getByTestId('notice').textContent(), WAIT).toContain('Maintenance tonight');
  }
  await cafe.getByTestId('status-chip').click();
  await cafe.getByTestId('sync-now').click();
  await expect.poll(() => cafe.getByTestId('sync-answer').textContent(), WAIT).toContain('Up to date');
  await picture(cafe, 'till-status-sheet');
});

test('[P4] a replay of real price changes runs through, and the till is live at its end', async () => {
  const recording = join(root, 'demo', 'online-retail', 'price_changes.csv.gz');
  await tillcast('replay', recording, '--license', RETAIL, '--speed', 'max', '--limit', '200');
  await expect.poll(() => shop.getByTestId('status-chip').textContent(), WAIT).toMatch(/^Live v(19\d|20\d)$/);
  await shop.getByTestId('search').fill('');
  await shop.setViewportSize({ width: 800, height: 600 });
  await picture(shop, 'till-small');
});
