import type { Page } from 'playwright-core';

/** So much slower than the machine an old till is. */
export const OLD_TILL = 6;

/**
 * What a page measures of itself. In it: `seen`, when a text came into the DOM, by `selector text`; `tasks`, how long each task
 * took that took over 50 ms; `frames`, likewise each frame, from its first task to its drawing; `usableMs`, when after the opening the
 * first tile was drawn.
 */
const PROBE = `(() => {
  const probe = { seen: {}, tasks: [], frames: [], usableMs: null };
  globalThis.benchProbe = probe;
  const now = () => performance.timeOrigin + performance.now();
  const note = (element) => {
    const tile = element?.closest?.('[data-product-id], li[id]');
    if (!tile) return;
    const id = tile.dataset.productId ?? tile.id;
    const price = tile.querySelector('.tile-price') ?? tile.lastChild;
    const key = id + ' ' + price.textContent;
    probe.seen[key] ??= now();
  };
  const start = () => {
    new MutationObserver((records) => {
      for (const { target } of records) note(target.nodeType === 1 ? target : target.parentElement);
      if (probe.usableMs === null && document.querySelector('[data-testid="tile"]') !== null) {
        probe.usableMs = 0;
        requestAnimationFrame(() => setTimeout(() => { probe.usableMs = performance.now(); }));
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  };
  start();
  const watch = (type, list) => {
    new PerformanceObserver((entries) => {
      for (const { duration } of entries.getEntries()) list.push(duration);
    }).observe({ type, buffered: true });
  };
  watch('longtask', probe.tasks);
  watch('long-animation-frame', probe.frames);
})()`;

/** What a page has measured since it was opened, or since it was last forgotten. */
export interface Probed {
  /** By the wall clock, with fractions of a millisecond. */
  readonly seen: Readonly<Record<string, number>>;
  readonly tasks: readonly number[];
  readonly frames: readonly number[];
  readonly usableMs: number | null;
}

/** Opens a page that measures itself, on a processor that is slower by a factor. */
export async function openProbed(page: Page, url: string, slower = 1): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower });
  await page.addInitScript(PROBE);
  await page.goto(url);
}

export async function probed(page: Page): Promise<Probed> {
  return page.evaluate<Probed>('benchProbe');
}

/** Has a page measure from now on. */
export async function forgetProbed(page: Page): Promise<void> {
  await page.evaluate(
    'benchProbe.seen = {}; benchProbe.tasks.length = 0; benchProbe.frames.length = 0; undefined',
  );
}

/** Pixels of each frame of a scroll: 3,000 a second at 60 frames. */
const PX_PER_FRAME = 50;

/** Scrolls by so many pixels, some at each frame, and says how long its longest frame took. */
export async function longestFrameOfScroll(page: Page, distance: number): Promise<number> {
  await forgetProbed(page);
  const scrolled = await page.evaluate<number>(`new Promise((resolve) => {
    const scroller = document.querySelector('.grid-scroller');
    const step = (left) => {
      if (left <= 0) return resolve(scroller.scrollTop);
      scroller.scrollTop += ${PX_PER_FRAME};
      requestAnimationFrame(() => step(left - ${PX_PER_FRAME}));
    };
    step(${distance});
  })`);
  if (scrolled < distance / 2) throw new Error(`The page scrolled by ${scrolled} px only.`);
  return longest((await probed(page)).frames);
}

/** What takes no more than 50 ms is not told of: then 50. */
export function longest(durationsMs: readonly number[]): number {
  return Math.max(50, ...durationsMs);
}

/** A quantile of values in any order: one of them, since some may be endless. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(at * sorted.length) - 1)] ?? NaN;
}
