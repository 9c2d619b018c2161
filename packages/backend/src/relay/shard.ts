import { hash } from 'node:crypto';
import type { LicenseKey } from '@tillcast/protocol/license-key';

/** Relays share the licenses among them by shards: a lease each, however many licenses there are. */
export const SHARD_COUNT = 16;

/** Broadcasts are published by whoever publishes this shard. */
export const BROADCAST_SHARD = 0;

/** A license's shard, for ever: it is stored with the license. */
export function shardOf(key: LicenseKey): number {
  return Number.parseInt(hash('sha256', key, 'hex').slice(0, 8), 16) % SHARD_COUNT;
}
