import type { Cursor } from '@tillcast/protocol/cursor';
import {
  type CaughtUp,
  REPORTED_MAX,
  REPORTED_MS_MAX,
  type StatusReport,
  type SyncKind,
  TILL_EVENTS,
  type TillEventName,
} from '@tillcast/protocol/http/status-api';
import { ChangeNote } from './change-note.ts';
import type { Counters, Metric } from './counters.ts';
import type { ServerClock } from './server-clock.ts';
import type { TillClock } from './till-clock.ts';

/** What is counted here under the names of the report. */
const METRICS_OF: Readonly<Record<TillEventName, readonly Metric[]>> = {
  gap: ['gap'],
  digest_mismatch: ['digest_mismatch'],
  repair: ['repair'],
  line_deaf: ['line_deaf'],
  pull_failed: ['pull_failed'],
  status_failed: ['status_failed'],
  store_failed: ['store_failed'],
  message_refused: [
    'message_malformed',
    'message_misrouted',
    'message_foreign_license',
    'message_unsigned',
    'message_signature_invalid',
    'message_key_unknown',
  ],
};

/** The part of a report that is news. */
export type News = Pick<StatusReport, 'applied' | 'caught_up' | 'syncs' | 'events'>;

/** What one report tells, so that it is not told again once it was answered. */
export interface GatheredNews {
  readonly news: News;
  readonly upTo: number;
  readonly counts: ReadonlyMap<TillEventName, number>;
}

interface Applied {
  readonly number: number;
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  readonly atMs: number;
  /** Null where only the server knows when it was committed. */
  readonly latencyMs: number | null;
}

interface Synced {
  readonly number: number;
  readonly kind: SyncKind;
  readonly durationMs: number;
}

export interface ReportNewsOptions {
  readonly clock: TillClock;
  readonly serverClock: ServerClock;
  readonly counters: Counters;
}

/** What happened here since the last report that was answered: bounded, the newest. */
export class ReportNews {
  readonly #options: ReportNewsOptions;
  #number = 0;
  #messages: Applied[] = [];
  #ranges: Applied[] = [];
  #syncs: Synced[] = [];
  #told: ReadonlyMap<TillEventName, number> = new Map();

  constructor(options: ReportNewsOptions) {
    this.#options = options;
  }

  /**
   * A commit led from one position to another.
   * @param by the message that told of it, or what was asked for
   * @returns how long after its commit, in ms; null where that is not known here
   */
  applied(by: ChangeNote | SyncKind | null, from: Cursor | null, to: Cursor): number | null {
    // What a till loads at first was there before it.
    if (from === null || from.epoch !== to.epoch || to.version <= from.version) return null;
    const { clock, serverClock } = this.#options;
    const known = by instanceof ChangeNote && serverClock.offsetMs !== null ? by : null;
    const latencyMs = known === null ? null : bounded(serverClock.nowMs() - Date.parse(known.committedAt));
    const applied = {
      number: (this.#number += 1),
      epoch: to.epoch,
      first: from.version + 1,
      last: to.version,
      atMs: clock.steadyMs(),
      latencyMs,
    };
    if (latencyMs === null) this.#ranges = newest([...this.#ranges, applied], REPORTED_MAX.caughtUp);
    else this.#messages = newest([...this.#messages, applied], REPORTED_MAX.applied);
    return latencyMs;
  }

  /** A question for changes was answered, and what it brought committed. */
  synced(kind: SyncKind, durationMs: number): void {
    const synced = { number: (this.#number += 1), kind, durationMs: bounded(durationMs) };
    this.#syncs = newest([...this.#syncs, synced], REPORTED_MAX.syncs);
  }

  /** What is to be told by a report that says where the till stands. */
  gather(cursor: Cursor | null): GatheredNews {
    const { clock, counters } = this.#options;
    const nowMs = clock.steadyMs();
    const isHere = ({ epoch, last }: Applied): boolean => epoch === cursor?.epoch && last <= cursor.version;
    const applied = this.#messages
      .filter(isHere)
      .map(({ last, latencyMs }) => [last, latencyMs ?? 0] as const);
    const caughtUp = this.#ranges
      .filter(isHere)
      .map(({ first, last, atMs }): CaughtUp => ({ first, last, age_ms: bounded(nowMs - atMs) }));
    const syncs = this.#syncs.map(({ kind, durationMs }) => [kind, durationMs] as const);
    const counts = new Map(
      TILL_EVENTS.map((event) => [
        event,
        METRICS_OF[event].reduce((sum, name) => sum + counters.of(name), 0),
      ]),
    );
    const events = Object.fromEntries(
      TILL_EVENTS.map(
        (event) => [event, (counts.get(event) ?? 0) - (this.#told.get(event) ?? 0)] as const,
      ).filter(([, count]) => count > 0),
    );
    const news: News = {
      ...(applied.length === 0 ? {} : { applied }),
      ...(caughtUp.length === 0 ? {} : { caught_up: caughtUp }),
      ...(syncs.length === 0 ? {} : { syncs }),
      ...(Object.keys(events).length === 0 ? {} : { events }),
    };
    return { news, upTo: this.#number, counts };
  }

  /** It was told, and answered. */
  told({ upTo, counts }: GatheredNews): void {
    const isNewer = ({ number }: { readonly number: number }): boolean => number > upTo;
    this.#messages = this.#messages.filter(isNewer);
    this.#ranges = this.#ranges.filter(isNewer);
    this.#syncs = this.#syncs.filter(isNewer);
    this.#told = counts;
  }
}

function newest<T>(all: readonly T[], most: number): T[] {
  return all.slice(-most);
}

/** A clock that is a little off makes a time negative. */
function bounded(ms: number): number {
  return Math.min(Math.max(0, Math.round(ms)), REPORTED_MS_MAX);
}
