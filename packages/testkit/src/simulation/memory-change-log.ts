import {
  type Backlog,
  type ChangeLog,
  type Progress,
  type ReadBounds,
  type WaitingChange,
  waitingChangeOf,
} from '@tillcast/backend/internals';
import type { MemoryDatabase, MemoryLicense } from './memory-database.ts';

/** The change log of a database in memory, as relays see it. What is asked for is done at once. */
export function memoryChangeLog(database: MemoryDatabase): ChangeLog {
  const { leases } = database;
  return {
    findBacklog: (shards) => Promise.resolve(backlogOf(database, shards)),
    readWaiting: (sent, bounds, shards) => Promise.resolve(waitingOf(database, sent, bounds, shards)),
    markPublished: (done) => {
      for (const { licenseId, version } of done) {
        const license = database.get(licenseId);
        license.publishedVersion = Math.max(license.publishedVersion, version);
      }
      return Promise.resolve();
    },
    readWaitingBroadcasts: () => Promise.resolve(database.broadcasts.waiting()),
    markBroadcastsPublished: (ids) => {
      database.broadcasts.markPublished(ids);
      return Promise.resolve();
    },
    renewLeases: (relayId, leaseMs, held) => Promise.resolve(leases.renew(relayId, leaseMs, held)),
    claimShards: (relayId, leaseMs, wanted) => Promise.resolve(leases.claim(relayId, leaseMs, wanted)),
    releaseShards: (relayId, shards) => {
      leases.release(relayId, shards);
      return Promise.resolve();
    },
    deleteRelay: (relayId) => {
      leases.remove(relayId);
      return Promise.resolve();
    },
    listen: (listener) => {
      const leave = database.listen(listener);
      return Promise.resolve(() => Promise.resolve(leave()));
    },
  };
}

function backlogOf(database: MemoryDatabase, shards: readonly number[]): readonly Backlog[] {
  return [...database.licenses.values()]
    .filter(({ shard, publishedVersion, version }) => shards.includes(shard) && publishedVersion < version)
    .map(({ id, publishedVersion, version }) => ({ licenseId: id, changes: version - publishedVersion }));
}

function waitingOf(
  database: MemoryDatabase,
  sent: readonly Progress[],
  bounds: ReadBounds,
  shards: readonly number[],
): readonly WaitingChange[] {
  return sent
    .map(({ licenseId, version }) => ({ license: database.get(licenseId), version }))
    .filter(({ license }) => shards.includes(license.shard))
    .toSorted((a, b) => a.license.id - b.license.id)
    .flatMap(({ license, version }) => changesAfter(license, version, bounds));
}

function changesAfter(
  license: MemoryLicense,
  sent: number,
  { limit, coalesceBeyond }: ReadBounds,
): readonly WaitingChange[] {
  const { id: licenseId, key: licenseKey } = license;
  const waiting: WaitingChange[] = [];
  const since = Math.max(sent, license.publishedVersion);
  const isLong = license.version - since > coalesceBeyond;
  let before = since;
  for (let version = since + 1; version <= license.version; version += 1) {
    const change = license.changes.get(version);
    // Of a license that has ended, nothing but how it stands.
    if (change === undefined || (license.status !== 'active' && change.type !== 'license_update')) continue;
    if (isLong && version !== license.version && change.type !== 'license_update') continue;
    waiting.push(waitingChangeOf({ licenseId, licenseKey }, change, version - before - 1));
    before = version;
    if (waiting.length === limit) break;
  }
  return waiting;
}
