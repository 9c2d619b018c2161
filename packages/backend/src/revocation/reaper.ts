import type { Logger } from '@tillcast/broker';
import type { Database } from '../database/database.ts';
import type { BrokerGate } from './broker-gate.ts';
import { closeEach } from './close-each.ts';
import { findOutlived } from './reaper-statements.ts';
import { markOutlivedClosed, requestDueRevocations } from './revocation-statements.ts';

const EVERY_MS = 5_000;
/** After a token's end: a till renews at 70 % of its life, and by then has tried for a long time. */
const MARGIN_MS = 5_000;
/** In one turn; what is left comes at once after it. */
const BATCH = 500;
const MAX_CLOSING = 8;

/** What a reaper stands on. */
export interface ReaperOptions {
  readonly database: Database;
  readonly gate: BrokerGate;
  readonly logger: Logger;
  /** Told how many terminals' connections were closed because their token had ended. */
  readonly onReaped: (terminals: number) => void;
  readonly now: () => Date;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/**
 * Does every few seconds what time brings and no act: the broker goes on delivering after a token's end, so
 * it closes the connections that outlive theirs; and it asks for the revocation of licenses that have ended by
 * date, and for the end of blocks that keep nobody out any more. Any number of reapers may run: doing it twice
 * changes nothing.
 */
export class Reaper implements AsyncDisposable {
  readonly #options: ReaperOptions;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(EVERY_MS);
  }

  /** Waits for the turn that is under way. Safe to call more than once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #schedule(everyMs: number): void {
    const { random = Math.random } = this.#options;
    this.#timer = setTimeout(
      () => {
        this.#turn = this.reap().then((isMore) => {
          if (!this.#stopped) this.#schedule(isMore ? 0 : EVERY_MS);
        });
      },
      everyMs * (0.75 + random() / 2),
    );
  }

  /** Does one turn; what fails is left to the next. @returns whether it was a full one, so that there may be more */
  async reap(): Promise<boolean> {
    const { database, now } = this.#options;
    const at = now();
    const due = await this.#try(async () => (await requestDueRevocations(database, at, BATCH)) >= BATCH);
    const outlived = await this.#try(() => this.#closeOutlived(at));
    return due || outlived;
  }

  async #try(part: () => Promise<boolean>): Promise<boolean> {
    try {
      return await part();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'could not look for connections that outlive their token');
      return false;
    }
  }

  async #closeOutlived(at: Date): Promise<boolean> {
    const { database, gate, logger, onReaped } = this.#options;
    const end = new Date(at.getTime() - MARGIN_MS);
    const outlived = await findOutlived(database, end, BATCH);
    const how = { limit: MAX_CLOSING, reason: 'The access token has ended' };
    const { closed, failures } = await closeEach(gate, outlived, how);
    for (const [licenseId, group] of Map.groupBy(closed, (terminal) => terminal.licenseId)) {
      const ids = group.map(({ terminalId }) => terminalId);
      await markOutlivedClosed(database, licenseId, ids, { at, end });
    }
    if (closed.length > 0) onReaped(closed.length);
    if (failures.length > 0) {
      const line = { err: failures[0], failed: failures.length, closed: closed.length };
      logger.warn(line, 'could not close connections that outlive their token');
    }
    return outlived.length >= BATCH && closed.length > 0;
  }
}
