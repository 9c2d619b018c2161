import type { Database } from '../database/database.ts';
import { markBroadcastsPublished, readWaitingBroadcasts } from './broadcast-statements.ts';
import type { ChangeLog, ChangeLogListener } from './change-log.ts';
import { BROADCASTS_CHANNEL, CHANGES_CHANNEL, decodeNotice } from './channels.ts';
import { claimShards, deleteRelay, releaseShards, renewLeases } from './lease-statements.ts';
import { findBacklog, markPublished, readWaiting } from './publication-statements.ts';

/** The change log of a database, as relays see it. */
export function databaseChangeLog(database: Database): ChangeLog {
  return {
    findBacklog: (shards) => findBacklog(database, shards),
    readWaiting: (sent, bounds, shards) => readWaiting(database, sent, bounds, shards),
    markPublished: (done) => markPublished(database, done),
    readWaitingBroadcasts: () => readWaitingBroadcasts(database),
    markBroadcastsPublished: (ids) => markBroadcastsPublished(database, ids),
    renewLeases: (relayId, leaseMs, held) => renewLeases(database, relayId, leaseMs, held),
    claimShards: (relayId, leaseMs, wanted) => claimShards(database, relayId, leaseMs, wanted),
    releaseShards: (relayId, shards) => releaseShards(database, relayId, shards),
    deleteRelay: (relayId) => deleteRelay(database, relayId),
    listen: (listener) => listen(database, listener),
  };
}

async function listen(
  database: Database,
  { onChange, onAnything }: ChangeLogListener,
): Promise<() => Promise<void>> {
  const leaveChanges = await database.listen(CHANGES_CHANNEL, {
    onNotification: (payload) => {
      const notice = decodeNotice(payload);
      if (notice !== null) onChange(notice);
    },
    onMissed: onAnything,
  });
  const leaveBroadcasts = await database.listen(BROADCASTS_CHANNEL, {
    onNotification: onAnything,
    onMissed: onAnything,
  });
  return async () => {
    await leaveChanges();
    await leaveBroadcasts();
  };
}
