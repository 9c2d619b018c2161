import type { Clock } from '@tillcast/broker';
import type { Scheduler } from './scheduler.ts';

/** A process of the simulated world: it can be frozen for a while, and killed. What is dead does nothing any more. */
export class SimulatedProcess {
  readonly name: string;
  readonly #scheduler: Scheduler;
  #alive = true;
  #frozenUntilMs = -1;

  constructor(name: string, scheduler: Scheduler) {
    this.name = name;
    this.#scheduler = scheduler;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get isFrozen(): boolean {
    return this.#scheduler.nowMs < this.#frozenUntilMs;
  }

  /** Does something in this process: now, when it thaws, or, where it is dead, never. */
  run(work: () => void): void {
    if (!this.#alive) return;
    if (this.#scheduler.nowMs < this.#frozenUntilMs) {
      this.#scheduler.at(this.#frozenUntilMs, () => this.run(work));
    } else {
      work();
    }
  }

  after(delayMs: number, work: () => void): () => void {
    return this.#scheduler.after(delayMs, () => this.run(work));
  }

  /** Stands still until then; nothing is lost, all comes late. */
  freeze(untilMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, untilMs);
  }

  thaw(): void {
    this.#frozenUntilMs = Math.min(this.#frozenUntilMs, this.#scheduler.nowMs);
  }

  kill(): void {
    this.#alive = false;
  }

  /** The process's monotonic clock. */
  clock(): Clock {
    return {
      now: () => this.#scheduler.nowMs,
      sleep: (durationMs, signal) =>
        new Promise((resolve, reject) => {
          const abort = (): void => {
            callOff();
            reject(signal.reason);
          };
          const callOff = this.after(durationMs, () => {
            signal.removeEventListener('abort', abort);
            resolve();
          });
          if (signal.aborted) abort();
          else signal.addEventListener('abort', abort, { once: true });
        }),
    };
  }
}
