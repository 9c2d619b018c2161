import { randomUUID } from 'node:crypto';
import { backoffDelayMs, systemClock } from '@tillcast/broker';
import { BroadcastRelay } from './broadcast-relay.ts';
import { type PublishContext, publishChanges } from './change-batch.ts';
import type { WaitingChange } from './change-log.ts';
import type { ChangeNotice } from './channels.ts';
import { progressOf, type Settled } from './outcome.ts';
import type { RelayObserver, RelayOptions } from './relay-options.ts';
import { BROADCAST_SHARD } from './shard.ts';
import { ShardLeases } from './shard-leases.ts';
import { Signal } from './signal.ts';

/** Changes read at once; twice as many are under way, since one batch is read while another is confirmed. */
const BATCH_CHANGES = 1_024;
const BATCH_LICENSES = 64;
/** A license whose tills have more than this to catch up with is quicker served by one delta. */
const COALESCE_BEYOND = 1_000;
/** In case a notification was lost: how often the whole backlog is looked through. */
const SWEEP_EVERY_MS = 5_000;
const RETRY = { initialMs: 200, maxMs: 10_000 };
/** Batches under way beyond which what is handed over is read with the others. */
const MAX_HANDED_OVER = 64;

const UNOBSERVED: RelayObserver = {
  published: () => undefined,
  failed: () => undefined,
  passedOver: () => undefined,
  backlog: () => undefined,
};

/**
 * Publishes the change log: in order per license, each change until the broker confirmed it, and by any number
 * of relays at once, which share the licenses by leases on shards.
 *
 * A change may be published more than once (a relay dies between confirm and mark): tills drop what they have
 * by its version. It is passed over only where the broker can never take it, and in a long backlog, of which the
 * newest change alone goes out; then tills see the gap and pull.
 * While broker or database is away, changes wait in the log and the relay waits for a word, not in a loop.
 */
export class Relay implements AsyncDisposable {
  readonly #options: RelayOptions;
  readonly #context: PublishContext;
  readonly #leases: ShardLeases;
  readonly #broadcasts: BroadcastRelay;
  readonly #stopping = new AbortController();
  readonly #signal = new Signal();
  /** Licenses to look at next, in order. */
  readonly #pending = new Set<number>();
  /** Licenses whose changes are being read, until they are handed to the broker. */
  #reading: ReadonlySet<number> = new Set();
  /** Of licenses with changes under way, the last version handed to the broker. */
  readonly #sent = new Map<number, number>();
  /** Of licenses with nothing under way, the last version that was confirmed here. */
  readonly #confirmed = new Map<number, number>();
  /** Licenses that stopped at a failure since the last sweep. */
  #failed: ReadonlySet<number> = new Set();
  #underWay = 0;
  /** Resolves when all that was handed to the broker is settled and marked. */
  #settled: Promise<void> = Promise.resolve();
  #sweepDue = true;
  #failures = 0;
  #leaveOff: (() => Promise<void> | void)[] = [];
  #running: Promise<void> = Promise.resolve();
  #sweeping: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    const { log, publisher, logger, observer = UNOBSERVED, clock = systemClock } = options;
    const { nowMs = Date.now } = options;
    this.#options = options;
    this.#context = { publisher, logger, observer, nowMs };
    this.#leases = new ShardLeases({
      log,
      relayId: options.relayId ?? randomUUID(),
      clock,
      logger,
      onGained: () => this.#sweep(),
      isQuiet: () => this.#underWay === 0,
    });
    this.#broadcasts = new BroadcastRelay({
      log,
      context: this.#context,
      mayPublish: () => this.#leases.holds(BROADCAST_SHARD),
    });
  }

  /** Resolves when it listens. @throws TillcastError `database_unavailable` */
  async start(): Promise<void> {
    const { log, publisher } = this.#options;
    this.#leaveOff = [
      await log.listen({
        onChange: (notice) => this.#onNotice(notice),
        onAnything: () => this.#sweep(),
      }),
      publisher.onReadyChange((ready) => {
        if (ready) this.#sweep();
      }),
    ];
    this.#leases.start();
    this.#running = this.#run();
    this.#sweeping = this.#sweepRegularly();
  }

  /**
   * Publishes a change that was just committed in this process, at once and without reading it, where it is the
   * next of its license and nothing of it waits. Otherwise it is read like those of other processes. What is not
   * handed over is published too: the notification of its commit tells of it.
   */
  handOver(change: WaitingChange): void {
    if (this.#isNext(change)) this.#publish([change]);
    else this.#onNotice(change);
  }

  #isNext({ licenseId, shard, version }: WaitingChange): boolean {
    return (
      this.#handedVersion(licenseId) === version - 1 &&
      !this.#pending.has(licenseId) &&
      !this.#reading.has(licenseId) &&
      this.#failed.size === 0 &&
      this.#underWay < MAX_HANDED_OVER &&
      this.#options.publisher.ready &&
      !this.#stopping.signal.aborted &&
      this.#leases.holds(shard)
    );
  }

  /** The last version that this relay itself handed to the broker, as far as it knows. */
  #handedVersion(licenseId: number): number | undefined {
    return this.#sent.get(licenseId) ?? this.#confirmed.get(licenseId);
  }

  /** How many shards this relay publishes for at this moment. */
  get shardsHeld(): number {
    return this.#leases.held().length;
  }

  /** Waits for what is under way, then gives the shards to the other relays. Safe to call more than once. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#signal.raise();
    await Promise.all([this.#running, this.#sweeping]);
    for (const leaveOff of this.#leaveOff) await leaveOff();
    await this.#leases.stop();
  }

  #onNotice({ licenseId, shard, version }: ChangeNotice): void {
    if (!this.#leases.holds(shard)) return;
    // Of what was handed over here a notification comes too.
    if (version !== null && version <= (this.#handedVersion(licenseId) ?? 0)) return;
    this.#pending.add(licenseId);
    this.#signal.raise();
  }

  /** Looks the whole backlog through at the next turn. */
  #sweep(): void {
    this.#sweepDue = true;
    this.#signal.raise();
  }

  async #sweepRegularly(): Promise<void> {
    const { random = Math.random, clock = systemClock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // Rejects only when the relay stops: the loop's condition sees it.
      await clock.sleep(SWEEP_EVERY_MS * (0.75 + random() / 2), signal).catch(() => undefined);
      this.#sweep();
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        const changes = await this.#next();
        const before = this.#settled;
        if (changes.length > 0) this.#publish(changes);
        this.#reading = new Set();
        if (changes.length > 0) await before;
        if (this.#failed.size > 0) {
          await this.#settled;
          await this.#pauseAfterFailure();
        } else if (this.#pending.size === 0 && !this.#sweepDue) {
          await this.#signal.wait();
        }
      } catch (error) {
        this.#context.logger.warn({ err: error }, 'could not read what is to be published');
        await this.#settled;
        await this.#pauseAfterFailure();
      }
    }
    await this.#settled;
  }

  /** The next changes to publish; none when there is nothing to do, or nobody to hand them to. */
  async #next(): Promise<readonly WaitingChange[]> {
    const { log, publisher } = this.#options;
    if (!publisher.ready) {
      // Everything is looked through when it is ready again.
      this.#sweepDue = false;
      this.#pending.clear();
      return [];
    }
    if (this.#sweepDue) await this.#findPending();
    const licenses = this.#pending.values().take(BATCH_LICENSES).toArray();
    if (licenses.length === 0) return [];
    for (const licenseId of licenses) this.#pending.delete(licenseId);
    const sent = licenses.map((licenseId) => ({ licenseId, version: this.#sent.get(licenseId) ?? 0 }));
    const limit = Math.ceil(BATCH_CHANGES / licenses.length);
    const { coalesceBeyond = COALESCE_BEYOND } = this.#options;
    this.#reading = new Set(licenses);
    const changes = await log.readWaiting(sent, { limit, coalesceBeyond }, this.#leases.held());
    const counts = Map.groupBy(changes, (change) => change.licenseId);
    for (const [licenseId, { length }] of counts) if (length === limit) this.#pending.add(licenseId);
    return changes;
  }

  async #findPending(): Promise<void> {
    this.#sweepDue = false;
    await this.#broadcasts.publishWaiting();
    const backlog = await this.#options.log.findBacklog(this.#leases.held());
    this.#context.observer.backlog(backlog.reduce((sum, { changes }) => sum + changes, 0));
    for (const { licenseId } of backlog) this.#pending.add(licenseId);
  }

  /** Hands a batch to the broker now. */
  #publish(changes: readonly WaitingChange[]): void {
    // Between this check and the hand-over nothing else can run: a lease is in force for the whole batch.
    const ours = changes.filter(({ shard }) => this.#leases.holds(shard));
    for (const { licenseId, version } of ours) this.#sent.set(licenseId, version);
    this.#underWay += 1;
    this.#settled = this.#settle(publishChanges(ours, this.#context), this.#settled);
  }

  /** Resolves when a batch is settled and marked, after the batches before it. */
  async #settle(publishing: Promise<readonly Settled[]>, previous: Promise<void>): Promise<void> {
    const settled = await publishing;
    await previous;
    try {
      const { done, failed } = progressOf(settled, this.#failed);
      this.#failed = failed;
      if (done.length > 0) await this.#options.log.markPublished(done);
      if (failed.size === 0) this.#failures = 0;
      for (const { licenseId, version } of done) {
        if (this.#sent.get(licenseId) !== version) continue;
        this.#sent.delete(licenseId);
        this.#confirmed.set(licenseId, version);
      }
    } catch (error) {
      // Published but not marked: the sweep publishes it again, and tills drop it.
      this.#context.logger.warn({ err: error }, 'could not mark what was published');
      this.#failed = new Set([...this.#failed, ...settled.map(({ change }) => change.licenseId)]);
    } finally {
      this.#underWay -= 1;
      if (this.#failed.size > 0) this.#signal.raise();
    }
  }

  /** Forgets what was under way, waits, and has the whole backlog looked through. */
  async #pauseAfterFailure(): Promise<void> {
    const { random = Math.random, clock = systemClock } = this.#options;
    this.#failures += 1;
    this.#failed = new Set();
    this.#reading = new Set();
    this.#sent.clear();
    const delayMs = backoffDelayMs(this.#failures, random(), RETRY);
    // Rejects only when the relay stops: then there is nothing left to wait for.
    await clock.sleep(delayMs, this.#stopping.signal).catch(() => undefined);
    this.#sweepDue = true;
  }
}
