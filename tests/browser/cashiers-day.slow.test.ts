import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, launchBrowser } from '@tillcast/testkit';
import { Client } from 'pg';
import type { Locator } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { startServiceProcess } from '../failure/support/service-process.ts';
import { root } from '../house/repository.ts';
import { openGateway } from '../support/gateway.ts';
import { startTestSystem } from '../support/system.ts';

/*
 * A cashier's day, from the first sign-in to the last sale on the server.
 *
 * 1. Mia signs in and sells a coffee with oat milk.
 * 2. A price changes under an open order: the line keeps its own.
 * 3. The network goes; ten more are sold, and each is said to be saved.
 * 4. The power goes in the midst of an eleventh: the till is killed, started again, and its page shows that order.
 * 5. The network is back: every sale is on the server, once, and the sums are equal to the penny.
 */

const KEY = 'EXTRO-LIFE-ABC123';
const WAIT = { timeout: 60_000, interval: 100 };
const OFFLINE_SALES = 10;

const started = new AsyncDisposableStack();
afterAll(() => started.disposeAsync());

test('[P5] [P6] [P7] [T43] a day at the till, with a power cut, ends with each sale on the server once', async () => {
  const system = started.use(await startTestSystem([KEY], 'postgresql'));
  const menu = readFileSync(join(root, 'demo', 'cafe-nord', 'menu.jsonl'), 'utf8')
    .trim()
    .split('\n');
  await system.commit(KEY, ...menu.map((line): unknown => JSON.parse(line)));
  const gateway = started.use(await openGateway());
  gateway.lead(Number(new URL(system.backend.url).port));
  const port = await freePort();
  const startTill = () =>
    startServiceProcess({
      script: new URL('../failure/support/till-program.ts', import.meta.url),
      environment: {
        LICENSE_KEY: KEY,
        SYNC_API_URL: `http://127.0.0.1:${gateway.port}`,
        AMQP_URL: system.virtualHost.amqpUrl,
        TILLCAST_DATA_DIR: system.folder('till'),
        TERMINAL_NAME: 'Bar',
        PORT: String(port),
        LOG_LEVEL: 'silent',
      },
    });
  let till = await startTill();
  started.defer(() => till.stop());
  const browser = await launchBrowser();
  started.defer(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 }, locale: 'en-GB' });
  const id = (name: string): Locator => page.getByTestId(name);
  const tile = (product: string): Locator => page.locator(`[data-product-id="${product}"]`);
  const becomes = (read: () => Promise<unknown>, expected: unknown): Promise<void> =>
    expect.poll(read, WAIT).toEqual(expected);
  const signIn = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Mia' }).click();
    await page.keyboard.type('4711');
    await page.keyboard.press('Enter');
    await id('cart').waitFor();
  };

  await page.goto(till.url);
  await becomes(() => id('status-chip').getAttribute('data-status'), 'live');
  await signIn();

  const totals: number[] = [];
  const pay = async (cents: number): Promise<void> => {
    await id('pay-button').first().click();
    await id('cash-exact').click();
    await id('paid').waitFor();
    totals.push(cents);
  };
  await page.getByRole('button', { name: /^Coffee/ }).click();
  await tile('flat-white').click();
  await page.locator('[data-option-id="oat"]').click();
  await becomes(() => id('line-total').textContent(), '€4.00');
  await pay(400);

  await tile('espresso').click();
  await becomes(() => id('line-total').textContent(), '€2.40');
  await id('options-done').click();
  await system.commit(KEY, { op: 'set_price', product_id: 'espresso', price: 2.6 });
  await becomes(() => id('line-now').textContent(), 'now €2.60');
  await pay(240);

  await gateway.shut();
  for (let sale = 1; sale <= OFFLINE_SALES; sale += 1) {
    await tile('espresso').click();
    await becomes(() => id('line-total').textContent(), '€2.60');
    await pay(260);
  }
  await becomes(() => id('unsent').textContent(), `${OFFLINE_SALES} unsent`);
  await becomes(() => id('status-chip').getAttribute('data-status'), 'offline');

  await tile('cappuccino').click();
  await becomes(() => id('line-total').textContent(), '€3.40');
  await till.kill();
  await becomes(() => id('status-chip').getAttribute('data-status'), 'needs_attention');
  till = await startTill();
  await page.reload();
  await id('sign-in').or(id('cart-line')).first().waitFor();
  if ((await id('sign-in').count()) > 0) await signIn();
  await becomes(() => id('line-total').textContent(), '€3.40');
  expect(await id('unsent').textContent()).toBe(`${OFFLINE_SALES} unsent`);
  await pay(340);

  await gateway.open();
  await becomes(() => id('unsent').count(), 0);
  await becomes(() => id('status-chip').getAttribute('data-status'), 'live');
  const { database: kept } = system.config;
  if (kept.engine !== 'postgresql') throw new Error('The story asks PostgreSQL itself.');
  const database = new Client({ connectionString: kept.url });
  await database.connect();
  const { rows } = await database.query<{ total: string }>(
    'SELECT total_minor::text AS total FROM sales ORDER BY sold_at, sale_id',
  );
  await database.end();
  const sold = rows.map(({ total }) => Number(total));
  expect(sold.toSorted((a, b) => a - b)).toEqual(totals.toSorted((a, b) => a - b));
}, 300_000);
