import { join } from 'node:path';
import { silentLogger } from '@tillcast/broker';
import { openTerminal, parseTerminalConfig } from '@tillcast/terminal';
import { freePort } from '@tillcast/testkit';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { root } from '../house/repository.ts';
import { type Cafe, openCafe } from '../support/cafe.ts';
import { UNMARKED_WORDS, walkScreens } from './screens.ts';

/*
 * Every screen of the till, from signing in to a refund: what a rule asks of all of them is looked at on each. Their pictures
 * go to test-results/screens, to be looked at.
 */

const violationsSchema = z.array(
  z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string(), failureSummary: z.string() })) }),
);

const SIZES = [
  [1366, 768],
  [800, 600],
] as const;

const started = new AsyncDisposableStack();
let cafe: Cafe;

beforeAll(async () => {
  cafe = started.use(await openCafe());
});
afterAll(() => started.disposeAsync());

/** The names that stand at the left of where they are, though the page runs from the right. For the browser. */
const LEFT_NAMES = `[...document.querySelectorAll('[dir=auto]')]
  .filter((element) => element.checkVisibility() && getComputedStyle(element).textAlign === 'left')
  .map((element) => element.outerHTML.slice(0, 120))`;

/** A browser of its own, in which nobody is signed in. */
async function openPage(width: number, height: number, query = '', url = cafe.till.url): Promise<Page> {
  const context = await cafe.browser.newContext({
    viewport: { width, height },
    locale: 'en-GB',
    reducedMotion: 'reduce',
  });
  started.defer(() => context.close());
  const page = await context.newPage();
  await page.goto(`${url}/${query}`);
  return page;
}

/** Keeps a picture of a screen. */
async function picture(page: Page, language: string, screen: string): Promise<void> {
  const { width } = page.viewportSize() ?? { width: 0 };
  await page.screenshot({
    path: join(root, 'test-results', 'screens', `${language}-${width}-${screen}.png`),
  });
}

/** What axe finds wrong, in a line each. */
async function violations(page: Page): Promise<readonly string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source);
  const found = await page.evaluate('axe.run(document).then(({ violations }) => violations)');
  return violationsSchema
    .parse(found)
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
}

test.each(SIZES)(
  '[T46] at %d×%d axe finds nothing wrong with any screen',
  { timeout: 240_000 },
  async (width, height) => {
    const page = await openPage(width, height);
    const found: Record<string, readonly string[]> = {};
    await walkScreens(page, async (screen) => {
      await picture(page, 'en', screen);
      const wrong = await violations(page);
      if (wrong.length > 0) found[screen] = wrong;
    });
    expect(found).toEqual({});
  },
);

test('[T46] axe finds nothing wrong with the set-up page', async () => {
  const config = parseTerminalConfig({
    TILLCAST_DATA_DIR: cafe.system.folder('new'),
    PORT: String(await freePort()),
  });
  const till = await openTerminal(config, { logger: silentLogger });
  started.defer(() => till.stop());
  for (const [width, height] of SIZES) {
    const page = await openPage(width, height, '', till.url);
    await page.getByTestId('setup-key').fill('no');
    await page.getByTestId('setup-name').fill('Bar');
    await picture(page, 'en', 'setup');
    expect(await violations(page)).toEqual([]);
  }
});

test('[T40] in the pseudo-language no screen has a word that is in no catalog', {
  timeout: 240_000,
}, async () => {
  const page = await openPage(1366, 768, '?lang=en-XA');
  const found: Record<string, unknown> = {};
  await walkScreens(page, async (screen) => {
    const words = await page.evaluate(UNMARKED_WORDS);
    if (Array.isArray(words) && words.length > 0) found[screen] = words;
  });
  expect(found).toEqual({});
});

test.each(SIZES)(
  '[T40] at %d×%d every screen runs from right to left in Arabic, and none is wider than the page',
  {
    timeout: 240_000,
  },
  async (width, height) => {
    const page = await openPage(width, height, '?lang=ar');
    const found: Record<string, unknown> = {};
    await walkScreens(page, async (screen) => {
      await picture(page, 'ar', screen);
      const at = await page.evaluate('[document.dir, document.documentElement.scrollWidth]');
      // A name in Latin letters runs in its own direction, and begins where the page's lines do.
      const left = await page.evaluate(LEFT_NAMES);
      if (Array.isArray(left) && left.length > 0) found[`${screen}: names`] = left;
      if (JSON.stringify(at) !== JSON.stringify(['rtl', width])) found[screen] = at;
    });
    expect(found).toEqual({});
  },
);
