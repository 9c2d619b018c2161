import type { Logger } from '@tillcast/broker';
import type { SaleId } from '@tillcast/protocol/sales/sale-id';
import { isoOf, type TillClock } from '../replica/till-clock.ts';
import {
  afterBatch,
  fittingInto,
  NEW_OUTBOX,
  type OutboxState,
  type Sent,
  type Verdict,
} from './outbox-plan.ts';
import type { SalesFile } from './sales-file.ts';
import { type SalesPeer, sendSales } from './send-sales.ts';

export interface UploaderOptions {
  readonly file: SalesFile;
  readonly peer: SalesPeer;
  readonly clock: TillClock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** Some sales are in another state, or are being sent, or are so no more. */
  readonly onChange: () => void;
  /** The server said what became of these, and it is written down. */
  readonly onVerdicts?: (verdicts: readonly Verdict<SaleId>[]) => void;
}

const AFTER_FILE_FAILURE_MS = 10_000;
const UNANSWERED: Sent = { came: 'nothing', retryAfterMs: null };

/** Sends saved sales to the server, a batch at a time, until it has said of each what became of it. */
export class Uploader {
  readonly #options: UploaderOptions;
  readonly #stopping = new AbortController();
  #state: OutboxState = NEW_OUTBOX;
  #sending: ReadonlySet<SaleId> = new Set();
  #running: Promise<void> | null = null;
  #woken = false;
  #callOff: () => void = () => undefined;
  #nextTryAtMs: number | null = null;
  #trouble: string | null = null;

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  /** The sales that are on their way at this moment. */
  get sending(): ReadonlySet<SaleId> {
    return this.#sending;
  }

  /** When sales that wait are tried again, by the wall clock; null when none waits for that. */
  get nextTryAtMs(): number | null {
    return this.#nextTryAtMs;
  }

  /** Why the last batch did not get there; null when it did. */
  get trouble(): string | null {
    return this.#trouble;
  }

  start(): void {
    this.#schedule(0);
  }

  /** A sale was saved, or is to be sent again: it goes at once, but not before a wait is over that a failure has set. */
  wake(): void {
    this.#woken = true;
    if (this.#running === null && this.#nextTryAtMs === null) this.#schedule(0);
  }

  /** Whoever waits at the till does not wait for the next try. */
  sendNow(): void {
    if (this.#running === null) this.#schedule(0);
  }

  /** The server has named its history: of another one than before, all is handed in again that it may lack. */
  heardHistory(epoch: string): void {
    const { file, logger } = this.#options;
    const again = file.beginHistory(epoch);
    if (again === 0) return;
    logger.warn({ sales: again, epoch }, 'The server was restored from a backup: sales are handed in again');
    this.#options.onChange();
    this.wake();
  }

  /** Gives up the batch that is under way: the server may have taken it, and then will say so again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#callOff();
    await this.#running;
  }

  #schedule(waitMs: number): void {
    this.#callOff();
    if (this.#stopping.signal.aborted) return;
    const { clock } = this.#options;
    this.#nextTryAtMs = waitMs === 0 ? null : clock.nowMs() + waitMs;
    this.#callOff = clock.after(waitMs, () => {
      this.#nextTryAtMs = null;
      this.#running = this.#send();
    });
  }

  async #send(): Promise<void> {
    const { logger } = this.#options;
    this.#woken = false;
    let waitMs: number | null;
    try {
      waitMs = await this.#sendBatch();
    } catch (error) {
      // What was not written down is sent again, and changes nothing at the server.
      logger.error({ err: error }, 'The sales file could not be used: sales are sent again later');
      waitMs = AFTER_FILE_FAILURE_MS;
    }
    this.#running = null;
    if (waitMs !== null) this.#schedule(waitMs);
    else if (this.#woken) this.#schedule(0);
  }

  /** @returns how long to wait before the next batch; null where nothing waits to be sent */
  async #sendBatch(): Promise<number | null> {
    const { file, peer, clock, random, logger, onChange, onVerdicts } = this.#options;
    const waiting = file.waitingSales(this.#state.batchMax).map(({ sale }) => sale);
    if (waiting.length === 0) return null;
    const texts = waiting.map((sale) => JSON.stringify(sale));
    const count = fittingInto(texts.map((text) => Buffer.byteLength(text)));
    const ids = waiting.slice(0, count).map(({ id }) => id);
    const { history } = file;
    this.#sending = new Set(ids);
    onChange();
    const { sent, why } = await sendSales(peer, texts.slice(0, count), this.#stopping.signal);
    this.#sending = new Set();
    if (this.#stopping.signal.aborted) return null;
    const taken = this.#isOfAnother(sent, history) ? UNANSWERED : sent;
    const { state, verdicts, postponed, waitMs } = afterBatch(this.#state, ids, taken, random());
    this.#state = state;
    this.#tell(why, ids.length);
    if (verdicts.length > 0) {
      file.takeAnswers(verdicts, isoOf(clock.nowMs()));
      onVerdicts?.(verdicts);
    }
    if (postponed.length > 0) file.addTries(postponed);
    for (const verdict of verdicts) {
      if (verdict.outcome === 'accepted') continue;
      const { id, code, detail } = verdict;
      logger.warn({ sale: id, code, detail }, 'The server rejected a sale: it is parked, the others go on');
    }
    onChange();
    return waitMs;
  }

  /**
   * Whether an answer is of another history than the sales that are accepted, and says nothing of what the server has now.
   * @param asked the history when the batch was sent
   */
  #isOfAnother(sent: Sent, asked: string | null): boolean {
    if (sent.came !== 'answer') return false;
    const { file } = this.#options;
    // Named meanwhile by the answer to a report: this one was on its way for longer.
    if (file.history !== asked) return sent.epoch !== file.history;
    this.heardHistory(sent.epoch);
    return asked !== null && sent.epoch !== asked;
  }

  #tell(why: string | null, count: number): void {
    if (why !== null && this.#trouble === null) {
      this.#options.logger.warn(
        { sales: count, why },
        'Sales could not be sent: they are kept and tried again',
      );
    }
    if (why === null && this.#trouble !== null) this.#options.logger.info({}, 'Sales are sent again');
    this.#trouble = why;
  }
}
