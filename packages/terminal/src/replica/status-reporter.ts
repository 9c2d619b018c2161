import type { Cursor } from '@tillcast/protocol/cursor';
import type { StatusAnswer, StatusReport } from '@tillcast/protocol/http/status-api';
import type { Exchanged } from '../sync-client/exchange.ts';
import type { SyncClient } from '../sync-client/sync-client.ts';
import { isoOf, type TillClock } from './till-clock.ts';

/** An answer to a report, or why there is none. */
export interface Reported {
  readonly exchanged: Exchanged<StatusAnswer>;
  /** What we said we held. */
  readonly asked: Cursor | null;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  /** When it was asked, by the clock of ages. */
  readonly askedAtSteadyMs: number;
}

/** What an older server does not know. */
export interface MoreToReport {
  readonly fields: Omit<StatusReport, 'cursor' | 'unsent_sales' | 'clock'>;
  readonly told: () => void;
}

export interface StatusReporterOptions {
  readonly client: SyncClient;
  readonly clock: TillClock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly cursor: () => Cursor | null;
  readonly unsentSales: () => number;
  /** What is told beyond that; `told` is called when it was answered. */
  readonly more: (asked: Cursor | null) => MoreToReport;
  readonly onReported: (reported: Reported) => void;
}

/**
 * Until the next report at most, as the server asks, within these bounds: a proof holds for 20 s, and the slowest
 * report and a slow answer still come in time. It may come after two thirds of that.
 */
const NEXT_MS = { usual: 15_000, least: 5_000, most: 15_000 };
const AFTER_FAILURE_MS = { min: 3_000, max: 5_000 };
/** Reports that are wanted at once keep this distance, whatever wants them. */
const DISTANCE_MS = 250;
/** A server that does not understand all of a report is told what it needs, and the rest again after this. */
const PLAIN_FOR_MS = 600_000;

/** Reports what this till holds, one report at a time: regularly, sooner after a failure, and at once on demand. */
export class StatusReporter {
  readonly #options: StatusReporterOptions;
  readonly #stopping = new AbortController();
  #callOff: () => void = () => undefined;
  #running: Promise<void> | null = null;
  #wantedAgain = false;
  #nextMs = NEXT_MS.usual;
  #plainUntilMs = -Infinity;

  constructor(options: StatusReporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#scheduleBetween(this.#regularMs());
  }

  /** Reports as soon as may be; asked for many times before it is done, it is done once more. */
  reportNow(): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#running === null) this.#schedule(0);
    else this.#wantedAgain = true;
  }

  /** Gives up the report that is under way; none comes after. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#callOff();
    await this.#running;
  }

  #scheduleBetween({ min, max }: { readonly min: number; readonly max: number }): void {
    this.#schedule(min + this.#options.random() * (max - min));
  }

  #schedule(delayMs: number): void {
    this.#callOff();
    this.#callOff = this.#options.clock.after(delayMs, () => {
      this.#running = this.#report().finally(() => {
        this.#running = null;
      });
    });
  }

  async #report(): Promise<void> {
    const { client, clock, cursor, unsentSales, onReported } = this.#options;
    const { signal } = this.#stopping;
    this.#wantedAgain = false;
    const asked = cursor();
    const askedAtMs = clock.nowMs();
    const askedAtSteadyMs = clock.steadyMs();
    const plain = { cursor: asked, unsent_sales: unsentSales(), clock: isoOf(askedAtMs) };
    const more = askedAtSteadyMs < this.#plainUntilMs ? NO_MORE : this.#options.more(asked);
    const exchanged = await client.report({ ...plain, ...more.fields }, signal);
    if (signal.aborted) return;
    if (exchanged.outcome === 'answered') {
      more.told();
      this.#nextMs = (exchanged.answer.next_report_s ?? NEXT_MS.usual / 1_000) * 1_000;
    }
    if (more !== NO_MORE && isNotUnderstood(exchanged)) {
      this.#plainUntilMs = askedAtSteadyMs + PLAIN_FOR_MS;
      this.#wantedAgain = true;
    }
    onReported({ exchanged, asked, askedAtMs, answeredAtMs: clock.nowMs(), askedAtSteadyMs });
    if (this.#wantedAgain) this.#schedule(DISTANCE_MS);
    else this.#scheduleBetween(exchanged.outcome === 'failed' ? AFTER_FAILURE_MS : this.#regularMs());
  }

  #regularMs(): { readonly min: number; readonly max: number } {
    const max = Math.min(Math.max(this.#nextMs, NEXT_MS.least), NEXT_MS.most);
    return { min: (max * 2) / 3, max };
  }
}

const NO_MORE: MoreToReport = { fields: {}, told: () => undefined };

function isNotUnderstood(exchanged: Exchanged<StatusAnswer>): boolean {
  return exchanged.outcome === 'failed' && exchanged.error.code === 'request_invalid';
}
