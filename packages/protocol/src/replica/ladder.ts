/** The waits between tries: exponential from `baseMs`, capped at `capMs`, with full jitter. */
export interface Ladder {
  readonly baseMs: number;
  readonly capMs: number;
}

/** For questions to the sync API. */
export const PULL_LADDER: Ladder = { baseMs: 500, capMs: 30_000 };

/**
 * How long to wait before try number `attempt` (1 for the first retry).
 *
 * Full jitter: drawn from all of the step, so that a thousand tills that lost the same server are spread over it. Half
 * of the first step is a floor, so that a string of low draws is no hot loop.
 * @param random a number in [0, 1)
 */
export function retryDelayMs(ladder: Ladder, attempt: number, random: number): number {
  const step = Math.min(ladder.capMs, ladder.baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 30));
  const floorMs = ladder.baseMs / 2;
  return floorMs + random * (step - floorMs);
}
