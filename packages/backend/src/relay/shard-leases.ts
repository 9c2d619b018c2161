import type { Clock, Logger } from '@tillcast/broker';
import type { ChangeLog } from './change-log.ts';
import { planLeases } from './plan-leases.ts';

/** How long a lease is in force without renewal. */
export const LEASE_MS = 2_000;
const RENEW_EVERY_MS = 500;
/** So long after another relay's lease has ended we look whether it has: it is then known to be dead. */
const AFTER_LAPSE_MS = 10;
/**
 * We stop this long before the database thinks the lease has ended: what was handed to the broker's
 * connection until then has left it when the next owner begins.
 */
const MARGIN_MS = 250;

export interface ShardLeasesOptions {
  readonly log: Pick<ChangeLog, 'renewLeases' | 'claimShards' | 'releaseShards' | 'deleteRelay'>;
  readonly relayId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of shards that are ours from now on. */
  readonly onGained: (shards: readonly number[]) => void;
  /** Whether nothing is being published just now, so that a shard may be given away. */
  readonly isQuiet: () => boolean;
}

/** This relay's part in sharing the shards: renews, claims and gives back, by the database's clock. */
export class ShardLeases {
  readonly #options: ShardLeasesOptions;
  /** When each lease ends by our monotonic clock, counted from before the database was asked for it. */
  readonly #heldUntilMs = new Map<number, number>();
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ShardLeasesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Stops renewing and gives everything back. Nothing may be being published any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const { log, relayId, logger } = this.#options;
    const shards = [...this.#heldUntilMs.keys()];
    this.#heldUntilMs.clear();
    try {
      await log.releaseShards(relayId, shards);
      await log.deleteRelay(relayId);
    } catch (error) {
      logger.warn({ err: error, shards }, 'could not give the shards back; their leases lapse by themselves');
    }
  }

  /** Whether the shard may be published for at this moment. */
  holds(shard: number): boolean {
    const untilMs = this.#heldUntilMs.get(shard);
    return untilMs !== undefined && this.#options.clock.now() < untilMs - MARGIN_MS;
  }

  /** All shards that may be published for at this moment. */
  held(): readonly number[] {
    return [...this.#heldUntilMs.keys()].filter((shard) => this.holds(shard));
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let lapsesInMs = Infinity;
      try {
        lapsesInMs = await this.#renew();
      } catch (error) {
        logger.warn({ err: error }, 'could not renew the shard leases');
      }
      const nextMs = Math.min(RENEW_EVERY_MS, lapsesInMs + AFTER_LAPSE_MS);
      // Rejects only when the relay stops: the loop's condition sees it.
      await clock.sleep(nextMs, signal).catch(() => undefined);
    }
  }

  /** Resolves to when the first of the others' leases ends if nobody renews it: a dead relay's, as soon as it may be taken. */
  async #renew(): Promise<number> {
    const { log, relayId, clock } = this.#options;
    const askedAtMs = clock.now();
    const shards = await log.renewLeases(relayId, LEASE_MS, [...this.#heldUntilMs.keys()]);
    const mine = shards.filter((each) => each.leased && each.owner === relayId).map((each) => each.shard);
    for (const shard of this.#heldUntilMs.keys()) if (!mine.includes(shard)) this.#heldUntilMs.delete(shard);
    // A lease that ran short for a moment held up what came meanwhile.
    const resumed = mine.filter((shard) => !this.holds(shard));
    for (const shard of mine) this.#extend(shard, askedAtMs);
    if (resumed.length > 0) this.#options.onGained(resumed);
    const { claim, release } = planLeases(relayId, shards[0]?.relays ?? 1, shards);
    if (claim.length > 0) await this.#claim(claim);
    if (release.length > 0) await this.#release(release);
    const others = shards.filter(({ leased, owner }) => leased && owner !== relayId);
    return Math.min(...others.map((each) => each.lapsesInMs));
  }

  async #claim(wanted: readonly number[]): Promise<void> {
    const { log, relayId, clock, logger, onGained } = this.#options;
    const askedAtMs = clock.now();
    const gained = await log.claimShards(relayId, LEASE_MS, wanted);
    if (gained.length === 0) return;
    for (const shard of gained) this.#extend(shard, askedAtMs);
    logger.info({ relay: relayId, shards: gained }, 'publishing for these shards');
    onGained(gained);
  }

  async #release(shards: readonly number[]): Promise<void> {
    const { log, relayId, logger, isQuiet } = this.#options;
    // No new batch takes them now. While one is under way they are not given back, only no longer renewed:
    // by the time they lapse it is done.
    for (const shard of shards) this.#heldUntilMs.delete(shard);
    if (!isQuiet()) return;
    await log.releaseShards(relayId, shards);
    logger.info({ relay: relayId, shards }, 'left these shards to another relay');
  }

  #extend(shard: number, askedAtMs: number): void {
    this.#heldUntilMs.set(shard, askedAtMs + LEASE_MS);
  }
}
