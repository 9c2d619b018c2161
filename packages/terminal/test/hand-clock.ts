import type { TillClock } from '../src/replica/till-clock.ts';

/** A clock that moves when it is told to, wall and monotonic time alike, with timers that ring in order. */
export class HandClock implements TillClock {
  #nowMs: number;
  readonly #timers = new Map<number, { readonly atMs: number; readonly ring: () => void }>();
  #made = 0;

  constructor(nowMs: number = Date.now()) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  steadyMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const id = (this.#made += 1);
    this.#timers.set(id, { atMs: this.#nowMs + delayMs, ring: callback });
    return () => this.#timers.delete(id);
  }

  /** In how long the next timer rings; null where none is set. */
  get nextInMs(): number | null {
    const times = [...this.#timers.values()].map(({ atMs }) => atMs);
    return times.length === 0 ? null : Math.min(...times) - this.#nowMs;
  }

  /** Moves on, and rings what is due. */
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const [id, { atMs, ring }] of [...this.#timers].toSorted(([, a], [, b]) => a.atMs - b.atMs)) {
      if (atMs > this.#nowMs) continue;
      this.#timers.delete(id);
      ring();
    }
  }
}
