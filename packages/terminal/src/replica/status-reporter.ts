import type { Cursor } from '@tillcast/protocol/cursor';
import type { StatusAnswer } from '@tillcast/protocol/http/status-api';
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

export interface StatusReporterOptions {
  readonly client: SyncClient;
  readonly clock: TillClock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly cursor: () => Cursor | null;
  readonly unsentSales: () => number;
  readonly onReported: (reported: Reported) => void;
}

/** A proof holds for 20 s: the slowest of these and a slow answer still come in time. */
const REGULAR_MS = { min: 10_000, max: 15_000 };
const AFTER_FAILURE_MS = { min: 3_000, max: 5_000 };
/** Reports that are wanted at once keep this distance, whatever wants them. */
const DISTANCE_MS = 250;

/** Reports what this till holds, one report at a time: regularly, sooner after a failure, and at once on demand. */
export class StatusReporter {
  readonly #options: StatusReporterOptions;
  readonly #stopping = new AbortController();
  #callOff: () => void = () => undefined;
  #running: Promise<void> | null = null;
  #wantedAgain = false;

  constructor(options: StatusReporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#scheduleBetween(REGULAR_MS);
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
    const report = { cursor: asked, unsent_sales: unsentSales(), clock: isoOf(askedAtMs) };
    const exchanged = await client.report(report, signal);
    if (signal.aborted) return;
    onReported({ exchanged, asked, askedAtMs, answeredAtMs: clock.nowMs(), askedAtSteadyMs });
    if (this.#wantedAgain) this.#schedule(DISTANCE_MS);
    else this.#scheduleBetween(exchanged.outcome === 'failed' ? AFTER_FAILURE_MS : REGULAR_MS);
  }
}
