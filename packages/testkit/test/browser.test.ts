import { launchBrowser } from '@tillcast/testkit';
import { expect, test } from 'vitest';

test('Chromium starts without a screen and shows a page', async () => {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.setContent('<title>Till 1</title><h1>Cappuccino</h1>');
    expect(await page.title()).toBe('Till 1');
    expect(await page.getByRole('heading').textContent()).toBe('Cappuccino');
  } finally {
    await browser.close();
  }
});
