/** The server names its time in whole seconds, and an answer takes a while: less than this is no difference. */
const TOLERANCE_MS = 2_000;

/**
 * The server's time as far as a till can know it before it has signed in: its own clock, corrected by the `Date`
 * of the server's answers. A till whose clock is off by a day signs in all the same, and nothing here sets
 * the machine's clock. The time is believed as far as the answer is: an assertion dated by it is good at this
 * server alone, and once.
 */
export class CorrectedClock {
  readonly #wallMs: () => number;
  #offsetMs = 0;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return this.#wallMs() - this.#offsetMs;
  }

  /**
   * The server named its time.
   * @param serverTimeMs to the second, cut off
   * @param wallMs our clock in the middle between question and answer
   * @returns whether that was news
   */
  told(serverTimeMs: number, wallMs: number): boolean {
    const offsetMs = Math.round(wallMs - (serverTimeMs + 500));
    if (Math.abs(offsetMs - this.#offsetMs) <= TOLERANCE_MS) return false;
    this.#offsetMs = Math.abs(offsetMs) <= TOLERANCE_MS ? 0 : offsetMs;
    return true;
  }
}
