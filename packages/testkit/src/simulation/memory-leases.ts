import { type SeenShard, SHARD_COUNT } from '@tillcast/backend/internals';

interface Lease {
  owner: string | null;
  untilMs: number;
}

/** Who publishes for which shard, by the database's own clock. */
export class MemoryLeases {
  readonly #nowMs: () => number;
  readonly #shards: readonly Lease[] = Array.from({ length: SHARD_COUNT }, () => ({
    owner: null,
    untilMs: -Infinity,
  }));
  readonly #seenUntilMs = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  renew(relayId: string, leaseMs: number, held: readonly number[]): readonly SeenShard[] {
    const nowMs = this.#nowMs();
    this.#seenUntilMs.set(relayId, nowMs + leaseMs);
    const relays = [...this.#seenUntilMs.values()].filter((untilMs) => untilMs > nowMs).length;
    return this.#shards.map((lease, shard) => {
      const inForce = lease.owner !== null && lease.untilMs > nowMs;
      const mine = lease.owner === relayId;
      const renewed = inForce && mine && held.includes(shard);
      if (renewed) lease.untilMs = nowMs + leaseMs;
      const lapsesInMs = inForce ? lease.untilMs - nowMs : 0;
      return { shard, owner: lease.owner, leased: inForce && (!mine || renewed), lapsesInMs, relays };
    });
  }

  claim(relayId: string, leaseMs: number, wanted: readonly number[]): readonly number[] {
    const nowMs = this.#nowMs();
    const claimed: number[] = [];
    for (const [shard, lease] of this.#shards.entries()) {
      const free = lease.owner === null || lease.owner === relayId || lease.untilMs <= nowMs;
      if (!free || !wanted.includes(shard)) continue;
      lease.owner = relayId;
      lease.untilMs = nowMs + leaseMs;
      claimed.push(shard);
    }
    return claimed;
  }

  release(relayId: string, shards: readonly number[]): void {
    for (const [shard, lease] of this.#shards.entries()) {
      if (lease.owner === relayId && shards.includes(shard)) lease.owner = null;
    }
  }

  remove(relayId: string): void {
    this.#seenUntilMs.delete(relayId);
  }
}
