import type { Locator, Page } from 'playwright-core';

/** The screens of a till that sells, each opened as a cashier opens it. */
export async function walkScreens(page: Page, visit: (screen: string) => Promise<void>): Promise<void> {
  const id = (name: string): Locator => page.getByTestId(name);
  const tile = (product: string): Locator => page.locator(`[data-product-id="${product}"]`);
  const seen = async (screen: string, shown = id(screen)): Promise<void> => {
    await shown.first().waitFor();
    await visit(screen);
  };
  const inSight = (name: string): Locator => id(name).filter({ visible: true }).first();
  const isSmall = (page.viewportSize()?.width ?? 0) < 1_024;
  const showCart = async (): Promise<void> => {
    if (isSmall) await id('cart-show').click();
  };
  const closeSheet = async (name: string): Promise<void> => {
    await page.keyboard.press('Escape');
    await id(name).waitFor({ state: 'detached' });
  };

  await seen('sign-in');
  await page.locator('[data-testid="person"]', { hasText: 'Mia' }).click();
  await page.keyboard.type('4711');
  await page.keyboard.press('Enter');
  await id('cart').waitFor();
  if ((await id('new-sale').count()) > 0) await id('new-sale').click();

  await page.locator('[data-testid="category"]', { hasText: 'Coffee' }).click();
  await tile('flat-white').click();
  await seen('options');
  await id('options-done').click();
  await seen('selling', tile('flat-white'));
  await showCart();
  await seen('order', inSight('cart-line'));
  await inSight('cart-line').click();
  await seen('line-sheet');
  await closeSheet('line-sheet');
  await inSight('add-discount').click();
  await seen('discount-sheet');
  await closeSheet('discount-sheet');
  await showCart();
  await tile('cortado').click({ button: 'right' });
  await seen('product-sheet');
  await closeSheet('product-sheet');

  await inSight('pay-button').click();
  await seen('pay');
  await page.keyboard.type('2000');
  await id('take-cash').click();
  await seen('paid');
  await id('paid-receipt').click();
  await id('paper').waitFor();
  await seen('receipt');
  await id('open-refund').click();
  await seen('refund-sheet');
  await closeSheet('refund-sheet');
  await id('back').click();

  await id('open-menu').click();
  await seen('menu-sheet');
  await id('menu-sales').click();
  await id('sale').first().waitFor();
  await seen('sales');
  await id('back').click();
  await id('open-menu').click();
  await id('menu-orders').click();
  await seen('tables');
  await id('back').click();
  await id('open-menu').click();
  await id('open-activity').click();
  await seen('activity-sheet');
  await closeSheet('activity-sheet');
  await id('status-chip').click();
  await id('sync-now').click();
  await seen('status-sheet');
  await closeSheet('status-sheet');
  await id('search').fill('0000000000000');
  await page.keyboard.press('Enter');
  await seen('trouble');
  await id('search').fill('');
}

/** Words in sight, or for screen readers, that are neither marked nor names, figures or codes. For the browser. */
export const UNMARKED_WORDS = `(() => {
  const words = /\\p{L}{2}/u;
  const ofCatalog = 'bdi, [dir=auto], .exact, .figures, .head-license, [lang]:not(html)';
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { nodeValue, parentElement } = walk.currentNode;
    if (!words.test(nodeValue) || parentElement.closest(ofCatalog + ', noscript')) continue;
    if (!parentElement.textContent.includes('⟦')) texts.push(nodeValue);
  }
  for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
    for (const name of ['aria-label', 'title', 'placeholder']) {
      const value = element.getAttribute(name) ?? '';
      if (words.test(value) && !value.includes('⟦')) texts.push(name + ': ' + value);
    }
  }
  return texts;
})()`;
