import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type Clock, silentLogger } from '@tillcast/broker';
import { freshDatabase } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { databaseChangeLog } from '../../src/relay/database-change-log.ts';
import { claimShards } from '../../src/relay/lease-statements.ts';
import { SHARD_COUNT } from '../../src/relay/shard.ts';
import { LEASE_MS, ShardLeases } from '../../src/relay/shard-leases.ts';
import { open } from '../contract/fixture.ts';

/** A clock that stands still, and whose sleepers sleep until they are told to stop. */
class StoppedClock implements Clock {
  nowMs = 0;
  readonly sleptMs: number[] = [];

  now(): number {
    return this.nowMs;
  }

  async sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    this.sleptMs.push(durationMs);
    if (!signal.aborted) await once(signal, 'abort');
  }
}

async function startLeases(database: Database, clock: Clock): Promise<ShardLeases> {
  const gained = Promise.withResolvers<void>();
  const leases = new ShardLeases({
    log: databaseChangeLog(database),
    relayId: randomUUID(),
    clock,
    logger: silentLogger,
    onGained: () => gained.resolve(),
    isQuiet: () => true,
  });
  leases.start();
  await gained.promise;
  return leases;
}

test('[Y3] a relay that could not renew its leases stops before the database thinks they have ended', async () => {
  await using fresh = await freshDatabase();
  await using database = await open({ url: fresh.url });
  const clock = new StoppedClock();
  const leases = await startLeases(database, clock);
  expect(leases.held()).toHaveLength(SHARD_COUNT);
  clock.nowMs = LEASE_MS / 2;
  expect(leases.holds(3)).toBe(true);
  clock.nowMs = LEASE_MS - 1;
  expect(leases.holds(3)).toBe(false);
  expect(leases.held()).toEqual([]);
  await leases.stop();
});

test('[Y3] a lease in force is nobody else’s to claim, and free as soon as it is given back', async () => {
  await using fresh = await freshDatabase();
  await using database = await open({ url: fresh.url });
  const leases = await startLeases(database, new StoppedClock());
  const other = randomUUID();
  const all = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);
  expect(await claimShards(database, other, LEASE_MS, all)).toEqual([]);
  await leases.stop();
  expect(await claimShards(database, other, LEASE_MS, all)).toHaveLength(SHARD_COUNT);
});

test('[Y3] who lives looks again right after a lease of another relay has ended, so that a dead one’s share waits no longer', async () => {
  await using fresh = await freshDatabase();
  await using database = await open({ url: fresh.url });
  const dead = randomUUID();
  expect(await claimShards(database, dead, 300, [0, 1, 2])).toHaveLength(3);
  const clock = new StoppedClock();
  const leases = await startLeases(database, clock);
  await expect.poll(() => clock.sleptMs).toHaveLength(1);
  expect(clock.sleptMs[0]).toBeLessThanOrEqual(310);
  await leases.stop();
});
