import type { Logger } from '@tillcast/broker';
import { isoOf, type TillClock } from './till-clock.ts';

/** A clock that is further off is worth a warning. */
const OFFSET_WARN_MS = 60_000;

/** The server's time, as far as its answers tell: half a round trip exact. */
export class ServerClock {
  readonly #clock: TillClock;
  readonly #logger: Logger;
  #offsetMs: number | null = null;

  constructor(clock: TillClock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** How far this machine's clock is ahead of the server's; null before the first answer. */
  get offsetMs(): number | null {
    return this.#offsetMs;
  }

  nowMs(): number {
    return this.#clock.nowMs() - (this.#offsetMs ?? 0);
  }

  /** The server named its time in an answer to a question asked and answered at these times of ours. */
  told(serverTime: string, askedAtMs: number, answeredAtMs: number): void {
    const wasOff = Math.abs(this.#offsetMs ?? 0) > OFFSET_WARN_MS;
    const offsetMs = Math.round((askedAtMs + answeredAtMs) / 2 - Date.parse(serverTime));
    this.#offsetMs = offsetMs;
    if (wasOff || Math.abs(offsetMs) <= OFFSET_WARN_MS) return;
    const off = `${Math.round(Math.abs(offsetMs) / 1_000)} s ${offsetMs > 0 ? 'ahead of' : 'behind'}`;
    this.#logger.warn(
      { clockOffsetMs: offsetMs, serverTime: isoOf(this.nowMs()) },
      `This machine's clock is ${off} the server's: set it. Catalog changes are ordered by version and not harmed.`,
    );
  }
}
