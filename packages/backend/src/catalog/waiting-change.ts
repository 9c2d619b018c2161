import type { WaitingChange } from '../relay/change-log.ts';
import { shardOf } from '../relay/shard.ts';
import type { Head } from './head.ts';
import type { Change } from './write-change.ts';

/** A change as a relay publishes it. @param passedOver changes right before it that are not published */
export function waitingChangeOf(
  { licenseId, licenseKey }: Pick<Head, 'licenseId' | 'licenseKey'>,
  change: Change,
  passedOver = 0,
): WaitingChange {
  const { version, id, type, message, signature, committedAt } = change;
  return {
    licenseId,
    licenseKey,
    shard: shardOf(licenseKey),
    version,
    id,
    type,
    message,
    signature,
    committedAtMs: committedAt.getTime(),
    passedOver,
  };
}
