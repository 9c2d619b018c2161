import { TillcastError } from '@tillcast/protocol/errors';

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
  readonly #total: NodeJS.Timeout;
  #silence: NodeJS.Timeout;
  readonly #given: AbortSignal;
  readonly #onGivenUp = (): void => this.#controller.abort(this.#given.reason);

  constructor(patience: Patience, given: AbortSignal) {
    this.#patience = patience;
    this.#given = given;
    this.#total = this.#timer(patience.totalMs);
    this.#silence = this.#timer(patience.silenceMs);
    if (given.aborted) this.#onGivenUp();
    else given.addEventListener('abort', this.#onGivenUp, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A sign of life came. */
  progress(): void {
    clearTimeout(this.#silence);
    this.#silence = this.#timer(this.#patience.silenceMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#total);
    clearTimeout(this.#silence);
    this.#given.removeEventListener('abort', this.#onGivenUp);
  }

  #timer(afterMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      const message = `The backend was given up on: it took more than ${afterMs / 1_000} s.`;
      this.#controller.abort(new TillcastError('backend_unavailable', message));
    }, afterMs);
  }
}
