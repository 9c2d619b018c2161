import { vi } from 'vitest';

/**
 * How much slower than an idle machine this one may be: `TILLCAST_TEST_SLOWNESS`, 1 by default. Multiplies the
 * bounds of the criteria, and nothing that Tillcast itself counts by.
 */
export const SLOWNESS: number = Number(process.env['TILLCAST_TEST_SLOWNESS'] ?? 1);

/** So soon must all tills hold the newest version after the broker's port opens. */
export const CONVERGED_MS: number = 10_000 * SLOWNESS;

/** So soon must a till's status be right, and a deaf line mended. */
export const NOTICED_MS: number = 20_000 * SLOWNESS;

/** Waits until a check passes; fails with the check's own reason after that time. Resolves to how long it took. */
export async function within(boundMs: number, check: () => void | Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await vi.waitFor(check, { timeout: boundMs, interval: 50 });
  return Math.round(performance.now() - startedMs);
}

/** Waits until a check passes: that it comes is meant, not how soon. */
export function eventually(check: () => void | Promise<void>): Promise<number> {
  return within(60_000 * SLOWNESS, check);
}
