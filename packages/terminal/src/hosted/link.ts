import type { Fetch } from '@tillcast/broker';

/** The network of one till, which can be cut. */
export class Link {
  #cut = new AbortController();

  /** Aborted while it is cut. */
  readonly signal = (): AbortSignal => this.#cut.signal;

  get isCut(): boolean {
    return this.#cut.signal.aborted;
  }

  /** Tears off what is open, and lets nothing through. */
  cut(): void {
    this.#cut.abort(new Error('the network is cut'));
  }

  /** Lets everything through again. */
  mend(): void {
    if (this.isCut) this.#cut = new AbortController();
  }

  /** A fetch over this network. */
  over(fetch: Fetch): Fetch {
    return async (url, init = {}) => {
      const network = this.#cut.signal;
      network.throwIfAborted();
      const { signal } = init;
      return fetch(url, {
        ...init,
        signal: signal === undefined ? network : AbortSignal.any([signal, network]),
      });
    };
  }
}
