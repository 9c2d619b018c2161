/** Time as the replica sees it: injected, so that tests decide it. */
export interface TillClock {
  /** The wall clock: milliseconds since 1970. */
  nowMs(): number;
  /** Calls back once, after `delayMs`; the function that it returns calls it off. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The machine's own clock. */
export const systemTillClock: TillClock = {
  nowMs: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** A time as it is shown and stored: ISO 8601 with milliseconds, UTC. */
export function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
