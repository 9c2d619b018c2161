import type { Logger } from '@tillcast/broker';
import { REPORTED_MAX } from '@tillcast/protocol/http/status-api';
import type { BroadcastMessage } from '@tillcast/protocol/messages/envelope';
import type { NewActivity } from '../store/activity-table.ts';
import type { TillStore } from '../store/till-store.ts';
import { lineOfBroadcast } from './activity-lines.ts';
import type { Counters } from './counters.ts';
import type { TillNews } from './news.ts';
import type { ServerClock } from './server-clock.ts';
import { isoOf } from './till-clock.ts';

/** So long a notice is remembered after its end, in case it comes once more while this machine's clock is behind. */
const FORGOTTEN_AFTER_MS = 3_600_000;

export interface TillLogOptions {
  readonly store: TillStore;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly onNews: (news: TillNews) => void;
}

/** Keeps what is said to the till's people and is no change of the catalog. */
export class TillLog {
  readonly #options: TillLogOptions;
  readonly #serverClock: ServerClock;

  constructor(options: TillLogOptions, serverClock: ServerClock) {
    this.#options = options;
    this.#serverClock = serverClock;
  }

  /** Keeps a broadcast until it expires, once; where it cannot be kept, that is counted and logged, and the server tells of it again. */
  addBroadcast(message: BroadcastMessage, receivedAtMs: number): void {
    const { store, counters, logger, onNews } = this.#options;
    const { id, payload, timestamp, expires_at } = message;
    if (Date.parse(expires_at) <= this.#serverClock.nowMs()) {
      counters.add('broadcast_expired');
      return;
    }
    const notice = { id, ...payload, sent_at: timestamp, expires_at };
    try {
      const line = store.addNotice(notice, lineOfBroadcast(message, receivedAtMs));
      if (line === null) return;
      counters.add('broadcast');
      onNews({ news: 'activity', line });
    } catch (error) {
      counters.add('store_failed');
      logger.error({ err: error, id }, 'A notice could not be kept');
    }
  }

  /** Which notices the till has; none where they cannot be read: they are told again. */
  noticeIds(): readonly string[] {
    const { store, logger } = this.#options;
    try {
      return store.noticeIds(REPORTED_MAX.notices);
    } catch (error) {
      logger.debug({ err: error }, 'The notices could not be read');
      return [];
    }
  }

  /**
   * Forgets the notices that expired long before a time that the server named. This machine's own clock does not do: set
   * ahead, it would have notices forgotten that are in force, and shown again when the server tells of them.
   */
  forgetNotices(serverTimeMs: number): void {
    const { store, logger } = this.#options;
    try {
      store.forgetNotices(isoOf(serverTimeMs - FORGOTTEN_AFTER_MS));
    } catch (error) {
      logger.debug({ err: error }, 'The notices that expired could not be forgotten');
    }
  }

  /** Keeps a line of the activity log; where it cannot be kept, that is counted and logged. */
  addLine(line: NewActivity): void {
    const { store, counters, logger, onNews } = this.#options;
    try {
      onNews({ news: 'activity', line: store.addActivity(line) });
    } catch (error) {
      counters.add('store_failed');
      logger.error({ err: error }, 'A line of the activity log could not be kept');
    }
  }
}
