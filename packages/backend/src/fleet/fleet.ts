import type { Logger } from '@tillcast/broker';
import type { StatusAnswer, StatusReport, TillInstance } from '@tillcast/protocol/http/status-api';
import { appendAudit } from '../audit/append-audit.ts';
import { ActiveNotices, databaseBroadcasts } from '../broadcasts/active-notices.ts';
import type { Database } from '../database/database.ts';
import type { LicenseState } from '../licenses/license.ts';
import type { BackendMetrics } from '../metrics/metrics.ts';
import { DeliveryLedger } from './delivery-ledger.ts';
import { countFleet } from './fleet-statements.ts';
import { type HeardInstance, isCloned, isSameRun, judgeInstance } from './judge-instance.ts';
import { heardOf, lockInstance, type WrittenReport, writeInstance } from './report-statements.ts';
import { ReportWriter } from './report-writer.ts';

export interface FleetOptions {
  readonly database: Database;
  readonly metrics: BackendMetrics;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Who reports. */
export interface ReportingTerminal {
  /** A UUID. */
  readonly id: string;
  readonly isProven: boolean;
}

/** What an answer says beyond where the license stands. */
export type ReportAnswer = Pick<StatusAnswer, 'notices' | 'cloned' | 'next_report_s'>;

/** A till that lags is heard of sooner, so that the fleet's table shows when it is right again. */
const NEXT_REPORT_S = { current: 15, behind: 8 };

/** With 10,000 tills a count takes about 20 ms. */
const FLEET_COUNTED_EVERY_MS = 5_000;

/** All that becomes of terminals' reports. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #writer: ReportWriter;
  readonly #ledger: DeliveryLedger;
  readonly #notices: ActiveNotices;
  #countedAtMs = -Infinity;

  constructor(options: FleetOptions) {
    const { database, metrics, logger, now } = options;
    this.#options = options;
    this.#writer = new ReportWriter(database, (reports) => metrics.fleet.reportsWritten(reports));
    this.#ledger = new DeliveryLedger({
      database,
      logger,
      onApplied: (way, latencyMs) => metrics.fleet.delivered(way, latencyMs),
    });
    this.#notices = new ActiveNotices(databaseBroadcasts(database), now);
    metrics.watchFleet(() => this.#tellMetrics());
  }

  /** @throws TillcastError `database_unavailable` */
  async start(): Promise<void> {
    await this.#notices.start();
    this.#ledger.start();
  }

  /** Adds to the ledger what is left. */
  async stop(): Promise<void> {
    await this.#notices.stop();
    await this.#ledger.stop();
  }

  /** Resolves when the ledger has all that was reported here. @throws TillcastError `database_unavailable` */
  settled(): Promise<void> {
    return this.#ledger.flush();
  }

  /**
   * Keeps what a terminal reports, and says what it has to be told besides where its license stands.
   * @throws TillcastError `database_unavailable`: nothing was kept
   */
  async heard(
    license: LicenseState,
    terminal: ReportingTerminal,
    report: StatusReport,
  ): Promise<ReportAnswer> {
    const at = this.#options.now();
    const { id: terminalId, isProven } = terminal;
    const received = { licenseId: license.id, terminalId, isProven, at, report };
    const before = await this.#writer.write(received);
    const cloned = before === null ? false : await this.#isCloned(license, before, report.instance, at);
    if (before !== null) this.#count(license, before, report, at);
    const isCurrent = report.cursor?.epoch === license.epoch && report.cursor.version >= license.version;
    return {
      ...(report.notices === undefined ? {} : { notices: await this.#notices.without(report.notices) }),
      cloned,
      next_report_s: isCurrent ? NEXT_REPORT_S.current : NEXT_REPORT_S.behind,
    };
  }

  /** Counted anew at most every FLEET_COUNTED_EVERY_MS, however often somebody looks. */
  async #tellMetrics(): Promise<void> {
    const { database, metrics, logger, now } = this.#options;
    const nowMs = performance.now();
    if (nowMs - this.#countedAtMs < FLEET_COUNTED_EVERY_MS) return;
    this.#countedAtMs = nowMs;
    try {
      metrics.fleet.stands(await countFleet(database, now(), null));
    } catch (error) {
      metrics.fleet.stands(null);
      logger.debug({ err: error }, 'The fleet could not be counted');
    }
  }

  #count(license: LicenseState, before: WrittenReport, report: StatusReport, at: Date): void {
    const { cursor, applied = [], caught_up: caughtUp = [], syncs = [], events = {} } = report;
    const { metrics } = this.#options;
    for (const [kind, durationMs] of syncs) metrics.fleet.synced(kind, durationMs);
    metrics.fleet.events(events);
    if (cursor === null) return;
    const after = before.epoch === cursor.epoch ? (before.version ?? 0) : 0;
    const { epoch, version: upTo } = cursor;
    this.#ledger.take({ licenseId: license.id, epoch, after, upTo, applied, caughtUp, at });
  }

  async #isCloned(
    license: LicenseState,
    before: WrittenReport,
    said: TillInstance | undefined,
    at: Date,
  ): Promise<boolean> {
    const heard = heardOf(before);
    if (said === undefined || isSameRun(heard, said)) return isCloned(before.clonedAt, at);
    const now = await this.#noticeInstance(license, before.terminalId, said, at);
    return isCloned(now.clonedAt, at);
  }

  /** Another start than the one that spoke last: what that means is judged, and kept. */
  async #noticeInstance(
    license: LicenseState,
    terminalId: string,
    said: TillInstance,
    at: Date,
  ): Promise<HeardInstance> {
    const { database, metrics, logger } = this.#options;
    return database.transaction(async (session) => {
      const before = await lockInstance(session, license.id, terminalId);
      const { heard, isNews } = judgeInstance(before, said, at);
      await writeInstance(session, license.id, terminalId, heard);
      if (isNews) {
        metrics.fleet.cloned();
        const detail = { license_key: license.key, instance: said.id, starts: said.starts };
        logger.warn({ terminalId, ...detail }, 'Two copies of one till’s data speak as one terminal');
        const act = { actor: `terminal ${terminalId}`, act: 'terminal.cloned', subject: terminalId };
        await appendAudit(session, { ...act, detail: { ...detail, starts_seen: before?.starts ?? 0 } }, at);
      }
      return heard;
    });
  }
}
