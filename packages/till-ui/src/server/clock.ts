/** Time as the page's stores take it. */
export interface Clock {
  /** Milliseconds that only go forward. */
  monotonicMs(): number;
  /** The time of day in epoch milliseconds, which may be set back. */
  wallMs(): number;
  /** Calls once, later, unless cancelled by what it returns. */
  after(delayMs: number, call: () => void): () => void;
}

export const browserClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
};
