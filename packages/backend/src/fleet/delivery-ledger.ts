import type { Logger } from '@tillcast/broker';
import { asTillcastError } from '@tillcast/protocol/errors';
import type { StatusReport } from '@tillcast/protocol/http/status-api';
import type { Database } from '../database/database.ts';
import { Mutex } from '../database/mutex.ts';
import {
  addDeliveries,
  type CommittedVersion,
  type DeliveryIncrement,
  pruneDeliveries,
  readCommittedVersions,
  VERSIONS_KEPT,
  type VersionRange,
} from './delivery-statements.ts';
import { addLatency, type Buckets } from './latency-buckets.ts';

/** How a version came to a till: as a message, or because the till asked. */
export type DeliveryWay = 'message' | 'sync';

export interface DeliveryLedgerOptions {
  readonly database: Database;
  readonly logger: Logger;
  /** Told of each apply, once. */
  readonly onApplied: (way: DeliveryWay, latencyMs: number) => void;
  /** Left out: FLUSH_EVERY_MS. */
  readonly flushEveryMs?: number;
}

/** What a report tells of applied versions. */
export interface AppliedVersions {
  readonly licenseId: number;
  readonly epoch: string;
  /** What the terminal's report before this one said it held: up to there all is counted. */
  readonly after: number;
  /** What it holds now. */
  readonly upTo: number;
  readonly applied: NonNullable<StatusReport['applied']>;
  readonly caughtUp: NonNullable<StatusReport['caught_up']>;
  /** When the report came. */
  readonly at: Date;
}

interface Tally {
  readonly licenseId: number;
  readonly epoch: string;
  readonly version: number;
  readonly latenciesMs: number[];
}

interface Range {
  readonly licenseId: number;
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  readonly appliedAtMs: number;
}

const FLUSH_EVERY_MS = 1_000;
/** Deleting looks at all rows of a license: once a minute for those to which something was added. */
const PRUNE_EVERY_MS = 60_000;
/** What the database does not take for long is forgotten: the ledger measures, it decides nothing. */
const WAITING_MAX = 100_000;

/**
 * Counts for each of a license's latest changes how often and how fast it was applied, in a row a change however
 * many tills there are. What reports tell is summed up in memory and added to the database about every second.
 *
 * Not promised: that each apply is counted. A backend that is killed loses what it had not added yet, and where
 * the database does not say whether it took something, that is added again.
 */
export class DeliveryLedger {
  readonly #options: DeliveryLedgerOptions;
  readonly #mutex = new Mutex();
  #tallies = new Map<string, Tally>();
  #ranges: Range[] = [];
  readonly #touched = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #prunedAtMs = -Infinity;

  constructor(options: DeliveryLedgerOptions) {
    this.#options = options;
  }

  start(): void {
    const flush = (): void => void this.#flushQuietly();
    this.#timer = setInterval(flush, this.#options.flushEveryMs ?? FLUSH_EVERY_MS).unref();
  }

  /** Adds what is left, and ends. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flushQuietly();
  }

  /** Takes what a report tells. What an earlier report of the terminal told is not counted again. */
  take({ licenseId, epoch, after, upTo, applied, caughtUp, at }: AppliedVersions): void {
    for (const [version, latencyMs] of applied) {
      if (version <= after || version > upTo) continue;
      this.#tallyOf(licenseId, epoch, version).latenciesMs.push(latencyMs);
    }
    for (const { first, last, age_ms } of caughtUp) {
      const highest = Math.min(last, upTo);
      const lowest = Math.max(first, after + 1, highest - VERSIONS_KEPT + 1);
      if (lowest > highest) continue;
      const appliedAtMs = at.getTime() - age_ms;
      this.#ranges.push({ licenseId, epoch, first: lowest, last: highest, appliedAtMs });
    }
  }

  /** Resolves when all that was taken so far is in the database. @throws TillcastError `database_unavailable` */
  flush(): Promise<void> {
    return this.#mutex.run(() => this.#flush());
  }

  async #flushQuietly(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      const { code, message } = asTillcastError(error);
      this.#options.logger.warn({ code }, `Deliveries could not be added to the ledger: ${message}`);
    }
  }

  async #flush(): Promise<void> {
    const { database, onApplied } = this.#options;
    const [tallies, ranges] = [this.#tallies, this.#ranges];
    if (tallies.size === 0 && ranges.length === 0) return;
    this.#tallies = new Map();
    this.#ranges = [];
    try {
      const committed = await readCommittedVersions(database, spansOf([...tallies.values()], ranges));
      const deliveries = deliveriesOf(tallies, ranges, committed);
      if (deliveries.length > 0) await addDeliveries(database, deliveries.map(incrementOf));
      for (const { licenseId, messagesMs, syncsMs } of deliveries) {
        this.#touched.add(licenseId);
        for (const latencyMs of messagesMs) onApplied('message', latencyMs);
        for (const latencyMs of syncsMs) onApplied('sync', latencyMs);
      }
    } catch (error) {
      this.#takeBack(tallies, ranges);
      throw error;
    }
    await this.#pruneSometimes();
  }

  async #pruneSometimes(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#prunedAtMs < PRUNE_EVERY_MS || this.#touched.size === 0) return;
    const licenseIds = [...this.#touched];
    await pruneDeliveries(this.#options.database, licenseIds);
    for (const licenseId of licenseIds) this.#touched.delete(licenseId);
    this.#prunedAtMs = nowMs;
  }

  #takeBack(tallies: ReadonlyMap<string, Tally>, ranges: readonly Range[]): void {
    if (this.#tallies.size + this.#ranges.length + tallies.size + ranges.length > WAITING_MAX) {
      this.#options.logger.warn({}, 'The ledger forgets deliveries that the database did not take for long');
      return;
    }
    for (const { licenseId, epoch, version, latenciesMs } of tallies.values()) {
      this.#tallyOf(licenseId, epoch, version).latenciesMs.push(...latenciesMs);
    }
    this.#ranges = [...ranges, ...this.#ranges];
  }

  #tallyOf(licenseId: number, epoch: string, version: number): Tally {
    const key = keyOf(licenseId, epoch, version);
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = { licenseId, epoch, version, latenciesMs: [] };
      this.#tallies.set(key, tally);
    }
    return tally;
  }
}

function keyOf(licenseId: number, epoch: string, version: number): string {
  return `${licenseId} ${epoch} ${version}`;
}

/** From the lowest to the highest version of each license. */
function spansOf(tallies: readonly Tally[], ranges: readonly Range[]): readonly VersionRange[] {
  const spans = new Map<number, { licenseId: number; lowest: number; highest: number }>();
  const add = (licenseId: number, lowest: number, highest: number): void => {
    const span = spans.get(licenseId);
    if (span === undefined) return void spans.set(licenseId, { licenseId, lowest, highest });
    span.lowest = Math.min(span.lowest, lowest);
    span.highest = Math.max(span.highest, highest);
  };
  for (const { licenseId, version } of tallies) add(licenseId, version, version);
  for (const { licenseId, first, last } of ranges) add(licenseId, first, last);
  return [...spans.values()];
}

/** A change, and the times that it took to tills that are not in the database yet. */
interface Deliveries extends CommittedVersion {
  readonly messagesMs: readonly number[];
  readonly syncsMs: readonly number[];
}

/** What is to be added, of versions that there are. */
function deliveriesOf(
  tallies: ReadonlyMap<string, Tally>,
  ranges: readonly Range[],
  committed: readonly CommittedVersion[],
): readonly Deliveries[] {
  const rangesOf = Map.groupBy(ranges, ({ licenseId, epoch }) => `${licenseId} ${epoch}`);
  return committed.flatMap((change) => {
    const { licenseId, epoch, version, committedAt } = change;
    const messagesMs = tallies.get(keyOf(licenseId, epoch, version))?.latenciesMs ?? [];
    const syncsMs: number[] = [];
    for (const { first, last, appliedAtMs } of rangesOf.get(`${licenseId} ${epoch}`) ?? []) {
      // The backend that committed it may have a clock that is ahead of ours.
      if (first <= version && version <= last) syncsMs.push(Math.max(0, appliedAtMs - committedAt.getTime()));
    }
    return messagesMs.length + syncsMs.length === 0 ? [] : [{ ...change, messagesMs, syncsMs }];
  });
}

function incrementOf({ messagesMs, syncsMs, ...change }: Deliveries): DeliveryIncrement {
  const buckets: Buckets = [];
  let longestMs = 0;
  for (const latencyMs of [...messagesMs, ...syncsMs]) {
    addLatency(buckets, latencyMs);
    longestMs = Math.max(longestMs, latencyMs);
  }
  return { ...change, buckets, lastAppliedAt: new Date(change.committedAt.getTime() + longestMs) };
}
