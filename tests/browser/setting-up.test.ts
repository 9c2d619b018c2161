import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tillcast/broker';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { type OpenTerminal, openTerminal } from '@tillcast/terminal';
import { freePort, launchBrowser, openFaultProxy } from '@tillcast/testkit';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../house/repository.ts';
import { tillFolder } from '../support/activated-tills.ts';
import { type GuardedSystem, startGuardedSystem } from '../support/guarded-system.ts';

/*
 * A till out of its box: nobody's, on a machine that knows nothing of it but where its page is. Its supplier has
 * given a key and a code; the rest happens on the page.
 */

const WAIT = { timeout: 60_000, interval: 50 };

const started = new AsyncDisposableStack();
let system: GuardedSystem;
let browser: Browser;

beforeAll(async () => {
  system = started.use(await startGuardedSystem());
  browser = await launchBrowser();
  started.defer(() => browser.close());
});
afterAll(() => started.disposeAsync());

async function newFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tillcast-setting-up-'));
  started.defer(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function open(url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 }, locale: 'en-GB' });
  started.defer(() => page.close());
  await page.goto(url);
  return page;
}

async function commit(licenseKey: string, operations: readonly unknown[]): Promise<void> {
  await system.admin(ADMIN_PATHS.changes(licenseKey), { operations });
}

function becomes(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  return expect.poll(read, WAIT).toEqual(expected);
}

test('[G29] a till that is nobody’s is set up on its own page: checked as it is typed, refused in words, then it sells', {
  timeout: 240_000,
}, async () => {
  const license = await system.createLicense('EXTRO-LIFE-ABC123', 1);
  const full = await system.createLicense('EXTRO-LIFE-FULL01', 1);
  await system.activate(full);
  const menu = await readFile(join(root, 'demo', 'cafe-nord', 'menu.jsonl'), 'utf8');
  await commit(
    license.key,
    menu
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  );
  const more = Array.from({ length: 3_000 }, (_, index) => {
    const item = { id: `gift-${index}`, name: `Gift ${crypto.randomUUID()}`, price: 2, currency: 'EUR' };
    return { op: 'put', kind: 'product', item };
  });
  for (let first = 0; first < more.length; first += 500)
    await commit(license.key, more.slice(first, first + 500));
  const line = started.use(
    await openFaultProxy({ target: Number(new URL(system.backends[0]?.url ?? '').port) }),
  );

  // Nothing is told to it: no license, no server, no broker.
  const folder = tillFolder(await newFolder());
  const config = await folder.config();
  let till: OpenTerminal = await openTerminal(config, { logger: silentLogger });
  started.defer(() => till.stop());
  const page = await open(till.url);
  const id = (name: string): Locator => page.getByTestId(name);
  await id('setup').waitFor();
  expect(await page.getByRole('alert').allTextContents()).not.toContain('Needs attention');

  // What cannot be right is said at the field, before anybody is asked.
  await id('setup-key').fill('short');
  await id('setup-code').fill('not a code');
  await id('setup-name').fill('Bar');
  await id('setup-server').fill('http://tills.example.com');
  await id('setup-name').focus();
  expect(await id('setup-key-hint').textContent()).toContain('6 to 64');
  expect(await id('setup-code-hint').textContent()).toContain('not complete');
  expect(await id('setup-server-hint').textContent()).toContain('https://');
  expect(await id('activate').isDisabled()).toBe(true);

  // What the server refuses is explained.
  const give = async (key: string, code: string, server: string): Promise<void> => {
    await id('setup-key').fill(key);
    await id('setup-code').fill(code);
    await id('setup-server').fill(server);
    await id('activate').click();
  };
  const refusal = (words: RegExp): Promise<void> =>
    expect.poll(() => id('setup-refused').textContent(), WAIT).toMatch(words);
  const server = line.through(system.backends[0]?.url ?? '');
  await give(license.key, full.activationCode, server);
  await refusal(/no license with this key and this code/);
  await give(full.key, full.activationCode, server);
  await refusal(/no place for one more till/);
  await give(license.key, license.activationCode, `http://127.0.0.1:${await freePort()}`);
  await refusal(/server does not answer/);

  // It becomes the till by itself; over a slow line it says how far the catalog has come.
  line.suffer({ bytesPerSecond: 20_000 });
  await give(license.key.toLowerCase(), license.activationCode, server);
  await id('first-load').waitFor();
  await expect.poll(() => id('first-load').textContent(), WAIT).toMatch(/\d MB received/);
  line.heal();
  await id('sign-in').waitFor({ timeout: WAIT.timeout });
  expect(await id('terminal-name').textContent()).toBe('Bar');
  await page.getByRole('button', { name: 'Mia' }).click();
  await page.keyboard.type('4711');
  await page.keyboard.press('Enter');
  await id('cart').waitFor();
  await page.getByRole('button', { name: /^Coffee/ }).click();
  await page.locator('[data-product-id="espresso"]').click();
  await id('pay-button').first().click();
  await id('cash-exact').click();
  await id('paid').waitFor();
  await becomes(() => id('sale-state').first().getAttribute('data-state'), 'accepted');
  await becomes(() => id('status-chip').getAttribute('data-status'), 'live');

  // From now on it is that till.
  await till.stop();
  till = await openTerminal(config, { logger: silentLogger });
  await becomes(() => id('status-chip').getAttribute('data-status'), 'live');
  expect(await id('setup').count()).toBe(0);
});
