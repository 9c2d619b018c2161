import { TillcastError } from '@tillcast/protocol/errors';
import { systemTillClock, type TillClock } from '../replica/till-clock.ts';

/** How long an exchange may take. */
export interface Patience {
  /** Without a sign of life: until the answer begins, and between its pieces. */
  readonly silenceMs: number;
  /** Altogether. */
  readonly totalMs: number;
}

/** Aborts an exchange that is given up on: by whoever asked, by silence, or by its length. */
export class PatienceSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #patience: Patience;
  readonly #after: TillClock['after'];
  readonly #callOffTotal: () => void;
  #callOffSilence: () => void;
  readonly #given: AbortSignal;
  readonly #onGivenUp = (): void => this.#controller.abort(this.#given.reason);

  constructor(
    patience: Patience,
    given: AbortSignal,
    after: TillClock['after'] = (delayMs, callback) => systemTillClock.after(delayMs, callback),
  ) {
    this.#patience = patience;
    this.#given = given;
    this.#after = after;
    this.#callOffTotal = this.#timer(patience.totalMs);
    this.#callOffSilence = this.#timer(patience.silenceMs);
    if (given.aborted) this.#onGivenUp();
    else given.addEventListener('abort', this.#onGivenUp, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A sign of life came. */
  progress(): void {
    this.#callOffSilence();
    this.#callOffSilence = this.#timer(this.#patience.silenceMs);
  }

  [Symbol.dispose](): void {
    this.#callOffTotal();
    this.#callOffSilence();
    this.#given.removeEventListener('abort', this.#onGivenUp);
  }

  #timer(afterMs: number): () => void {
    return this.#after(afterMs, () => {
      const message = `The backend was given up on: it took more than ${afterMs / 1_000} s.`;
      this.#controller.abort(new TillcastError('backend_unavailable', message));
    });
  }
}
