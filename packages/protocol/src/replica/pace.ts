/** How often something may be done: `burst` at once, and then so many a second. */
export interface Pace {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * For questions to the sync API, whatever causes them: the machine knows of no cause that would ask in a loop, and
 * this is for the one that nobody thought of. At most five in any second.
 */
export const ASKING_PACE: Pace = { burst: 3, perSecond: 2 };

/** What of a pace is used up at a time. */
export interface PaceUse {
  /** How many may be done at once, with fractions of what grows back. */
  readonly left: number;
  readonly atMs: number;
}

/** Nothing is used yet. */
export function unused(pace: Pace): PaceUse {
  return { left: pace.burst, atMs: -Infinity };
}

/** How long to wait before the next one may be done; 0 for now. Times are of a clock that is never set back. */
export function waitMsOf(pace: Pace, use: PaceUse, nowMs: number): number {
  const missing = 1 - leftAt(pace, use, nowMs);
  return missing <= 0 ? 0 : Math.ceil((missing * 1_000) / pace.perSecond);
}

/** One is done now, and should have been allowed. */
export function used(pace: Pace, use: PaceUse, nowMs: number): PaceUse {
  return { left: Math.max(0, leftAt(pace, use, nowMs) - 1), atMs: nowMs };
}

function leftAt(pace: Pace, { left, atMs }: PaceUse, nowMs: number): number {
  return Math.min(pace.burst, left + (Math.max(0, nowMs - atMs) * pace.perSecond) / 1_000);
}
