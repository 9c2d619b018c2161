/** Bounds of the waits between attempts, in milliseconds. */
export interface BackoffBounds {
  /** The bound of the first wait; each further one doubles it. */
  readonly initialMs: number;
  /** No wait is bounded higher than this. */
  readonly maxMs: number;
}

/**
 * Waits for a broker that is not there: 0–250 ms at first, 0–8 s at worst, so that after an outage of any length all
 * are back within 10 s of its port opening. A thousand clients then try 250 times a second.
 */
export const DEFAULT_BACKOFF: BackoffBounds = { initialMs: 250, maxMs: 8_000 };

/** Waits after a refused login: nothing gets better by asking fast, and every refusal costs the broker a password check. */
export const REFUSED_BACKOFF: BackoffBounds = { initialMs: 15_000, maxMs: 120_000 };

/**
 * How long to wait after failed attempt number `attempt` (1, 2, 3 …): exponential with full jitter, which
 * is a random share of `min(maxMs, initialMs · 2^(attempt-1))`. A stopped node turns all its terminals away
 * in the same moment; only full jitter spreads their return evenly.
 *
 * @param random a number in [0, 1)
 */
export function backoffDelayMs(
  attempt: number,
  random: number,
  bounds: BackoffBounds = DEFAULT_BACKOFF,
): number {
  // 2^31 is beyond any bound that makes sense; without the cap the power becomes Infinity in a long outage.
  const doublings = Math.min(Math.max(attempt - 1, 0), 31);
  return random * Math.min(bounds.maxMs, bounds.initialMs * 2 ** doublings);
}

/** The same after a refused login, where the lower half is never used: at least half the bound, at most all of it. */
export function refusedDelayMs(
  attempt: number,
  random: number,
  bounds: BackoffBounds = REFUSED_BACKOFF,
): number {
  return backoffDelayMs(attempt, 0.5 + random / 2, bounds);
}
