/** Time as the replica sees it: injected, so that tests decide it. */
export interface TillClock {
  /** The wall clock: milliseconds since 1970. */
  nowMs(): number;
  /**
   * For ages: milliseconds that are never set back and never pass more slowly than those of the wall clock or of a
   * monotonic one, so that neither a clock set back nor a machine that slept makes anything look younger.
   */
  steadyMs(): number;
  /** Calls back once, after `delayMs`; the function that it returns calls it off. */
  after(delayMs: number, callback: () => void): () => void;
}

/** What the wall clock gains on the monotonic one at once, beyond this, is a sleep or a clock set forward. */
const LEAP_MS = 50;

/** Time that passes as fast as the faster of a wall clock and a monotonic one. */
export class SteadyTime {
  readonly #wallMs: () => number;
  readonly #monotonicMs: () => number;
  /** By how much the wall clock was ahead of the monotonic one. */
  #leadMs: number;
  /** What is added to the monotonic clock. */
  #addedMs: number;

  constructor(wallMs: () => number, monotonicMs: () => number) {
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    this.#leadMs = wallMs() - monotonicMs();
    this.#addedMs = this.#leadMs;
  }

  nowMs(): number {
    const monotonicMs = this.#monotonicMs();
    const leadMs = this.#wallMs() - monotonicMs;
    const gainedMs = leadMs - this.#leadMs;
    // Small differences are rounding; added up at each look, they would make time run away.
    if (Math.abs(gainedMs) > LEAP_MS) {
      this.#leadMs = leadMs;
      this.#addedMs += Math.max(0, gainedMs);
    }
    return monotonicMs + this.#addedMs;
  }
}

const steady = new SteadyTime(
  () => Date.now(),
  () => performance.now(),
);

/** The machine's own clock. */
export const systemTillClock: TillClock = {
  nowMs: () => Date.now(),
  steadyMs: () => steady.nowMs(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** A time as it is shown and stored: ISO 8601 with milliseconds, UTC. */
export function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
