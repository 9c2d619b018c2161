import type { Logger } from '@tillcast/broker';
import type { Cursor } from '@tillcast/protocol/cursor';
import type { StatusAnswer, SyncKind, TillInstance } from '@tillcast/protocol/http/status-api';
import type { ReplicaState } from '@tillcast/protocol/replica/state';
import type { SyncClient } from '../sync-client/sync-client.ts';
import { lineOfCloned } from './activity-lines.ts';
import { ChangeNote } from './change-note.ts';
import type { Counters } from './counters.ts';
import type { ReplicaObserver } from './driver-options.ts';
import type { Inbox } from './inbox.ts';
import { ReportNews } from './report-news.ts';
import type { ServerClock } from './server-clock.ts';
import { shownStatus } from './shown-status.ts';
import { type MoreToReport, type Reported, StatusReporter } from './status-reporter.ts';
import type { TillClock } from './till-clock.ts';
import type { TillLog } from './till-log.ts';

export interface ReportsOptions {
  readonly client: SyncClient;
  readonly clock: TillClock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly unsentSales: () => number;
  readonly instance?: () => TillInstance | null;
  readonly observer?: ReplicaObserver;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly serverClock: ServerClock;
  /** Takes the notices that answers bring. */
  readonly inbox: Inbox;
  readonly log: TillLog;
  readonly state: () => ReplicaState;
  /** What the replica is to make of an answer, or of none. */
  readonly onReported: (reported: Reported) => void;
}

/** What this till reports, and what it is told besides where its license stands. */
export class Reports {
  readonly #options: ReportsOptions;
  readonly #news: ReportNews;
  readonly #reporter: StatusReporter;
  #cloned = false;

  constructor(options: ReportsOptions) {
    this.#options = options;
    this.#news = new ReportNews(options);
    this.#reporter = new StatusReporter({
      ...options,
      cursor: () => options.state().cursor,
      more: (asked) => this.#more(asked),
      onReported: (reported) => this.#onReported(reported),
    });
  }

  /** The server has lately heard another copy of this till's data under its identity. */
  get cloned(): boolean {
    return this.#cloned;
  }

  start(): void {
    this.#reporter.start();
  }

  reportNow(): void {
    this.#reporter.reportNow();
  }

  stop(): Promise<void> {
    return this.#reporter.stop();
  }

  /**
   * A commit led from one position to another.
   * @param by the message that told of it, or what was asked for
   * @param askedAtMs when that was asked for, by the clock of ages
   */
  applied(by: ChangeNote | SyncKind | null, from: Cursor | null, to: Cursor, askedAtMs: number): void {
    const { clock, observer } = this.#options;
    const latencyMs = this.#news.applied(by, from, to);
    if (latencyMs !== null) observer?.delivered(latencyMs);
    if (by === null || by instanceof ChangeNote) return;
    const durationMs = clock.steadyMs() - askedAtMs;
    this.#news.synced(by, durationMs);
    observer?.synced(by, durationMs);
  }

  #more(asked: Cursor | null): MoreToReport {
    const { clock, unsentSales, state, log } = this.#options;
    const instance = this.#options.instance?.() ?? null;
    const gathered = this.#news.gather(asked);
    const { status } = shownStatus(state(), this.#cloned, clock.steadyMs(), unsentSales());
    const fields = {
      state: status,
      ...(instance === null ? {} : { instance }),
      notices: log.noticeIds(),
      ...gathered.news,
    };
    return { fields, told: () => this.#news.told(gathered) };
  }

  #onReported(reported: Reported): void {
    const { exchanged, askedAtMs, answeredAtMs } = reported;
    const { counters, serverClock, onReported } = this.#options;
    if (exchanged.outcome === 'answered') {
      counters.add('status_answered');
      serverClock.told(exchanged.answer.synced_at, askedAtMs, answeredAtMs);
      this.#toldBesides(exchanged.answer);
    }
    onReported(reported);
  }

  #toldBesides({ notices = [], cloned = false, synced_at: serverTime }: StatusAnswer): void {
    const { inbox, counters, logger, log, clock } = this.#options;
    log.forgetNotices(Date.parse(serverTime));
    for (const notice of notices) inbox.takeNotice(notice);
    if (cloned === this.#cloned) return;
    this.#cloned = cloned;
    if (cloned) {
      counters.add('cloned');
      logger.warn({}, 'The server has heard another copy of this till under its identity');
    }
    log.addLine(lineOfCloned(cloned, clock.nowMs()));
  }
}
