import type { TillClock } from './till-clock.ts';

/** When what failed is tried again: one wait at a time. */
export class RetryTimer {
  readonly #clock: Pick<TillClock, 'after' | 'nowMs'>;
  readonly #onDue: () => void;
  #callOff: () => void = () => undefined;
  #dueAtMs: number | null = null;

  constructor(clock: Pick<TillClock, 'after' | 'nowMs'>, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** In epoch milliseconds of the till's clock; null when no try waits. */
  get dueAtMs(): number | null {
    return this.#dueAtMs;
  }

  start(delayMs: number): void {
    this.#callOff();
    this.#dueAtMs = this.#clock.nowMs() + delayMs;
    this.#callOff = this.#clock.after(delayMs, () => {
      this.#dueAtMs = null;
      this.#onDue();
    });
  }

  stop(): void {
    this.#callOff();
    this.#dueAtMs = null;
  }
}
