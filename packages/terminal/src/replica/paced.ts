import { type Pace, type PaceUse, unused, used, waitMsOf } from '@tillcast/protocol/replica/pace';
import type { TillClock } from './till-clock.ts';

/** Does the newest of what is wanted, no oftener than its pace allows: what waited before is forgotten. */
export class Paced {
  readonly #clock: TillClock;
  readonly #pace: Pace;
  readonly #onHeldBack: () => void;
  #use: PaceUse;
  #callOff: () => void = () => undefined;

  /** @param onHeldBack called where something is wanted too soon */
  constructor(clock: TillClock, pace: Pace, onHeldBack: () => void) {
    this.#clock = clock;
    this.#pace = pace;
    this.#onHeldBack = onHeldBack;
    this.#use = unused(pace);
  }

  /** Works now, or as soon as may be. */
  soon(work: () => void): void {
    this.callOff();
    const waitMs = waitMsOf(this.#pace, this.#use, this.#clock.steadyMs());
    if (waitMs === 0) return this.#do(work);
    this.#onHeldBack();
    this.#callOff = this.#clock.after(waitMs, () => this.soon(work));
  }

  /** What waits is not done. */
  callOff(): void {
    this.#callOff();
    this.#callOff = () => undefined;
  }

  #do(work: () => void): void {
    this.#use = used(this.#pace, this.#use, this.#clock.steadyMs());
    work();
  }
}
