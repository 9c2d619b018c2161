import { SHARD_COUNT } from './shard.ts';

/** A shard as the database has it. */
export interface ShardLease {
  readonly shard: number;
  /** A relay's id; null when nobody ever had it or its owner gave it back. */
  readonly owner: string | null;
  /** Whether the owner's lease is still in force, by the database's clock. */
  readonly leased: boolean;
}

/** What a relay should do about its share. */
export interface LeasePlan {
  readonly claim: readonly number[];
  readonly release: readonly number[];
}

/**
 * The fair share of `relays` relays: free shards are claimed up to it, and what is held beyond it is given
 * back, so that a relay that joins gets some. What is held within the share stays where it is.
 */
export function planLeases(me: string, relays: number, shards: readonly ShardLease[]): LeasePlan {
  const share = Math.ceil(SHARD_COUNT / Math.max(1, relays));
  const mine = shards.filter((each) => each.leased && each.owner === me).map((each) => each.shard);
  const free = shards.filter((each) => !each.leased || each.owner === null).map((each) => each.shard);
  return { claim: free.slice(0, Math.max(0, share - mine.length)), release: mine.slice(share) };
}
