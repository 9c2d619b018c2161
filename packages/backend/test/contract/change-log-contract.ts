import { randomUUID } from 'node:crypto';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChangeLog, ReadBounds } from '../../src/relay/change-log.ts';
import type { ChangeNotice } from '../../src/relay/channels.ts';
import { SHARD_COUNT, shardOf } from '../../src/relay/shard.ts';

/** A change log with what is needed to fill it. */
export interface FilledLog {
  readonly log: ChangeLog;
  /** A license that no other test has. */
  readonly newLicense: () => Promise<{ readonly id: number; readonly key: LicenseKey }>;
  /** Commits one change of one product's price, as any number of backends may at once; gives its version. */
  readonly commit: (key: LicenseKey, price: number) => Promise<number>;
  readonly setStatus: (key: LicenseKey, status: 'active' | 'suspended') => Promise<void>;
  /** Makes a broadcast that is in force for so long; gives its id. */
  readonly announce: (expiresInS: number) => Promise<string>;
  readonly close: () => Promise<void>;
}

const ALL = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);
const BOUNDS: ReadBounds = { limit: 100, coalesceBeyond: 1_000 };

/** What relays rely on of any change log. */
export function changeLogContract(name: string, open: () => Promise<FilledLog>): void {
  describe(`the change log of ${name}`, () => {
    let filled: FilledLog;
    beforeAll(async () => {
      filled = await open();
    });
    afterAll(() => filled.close());

    const versionsOf = async (
      licenseId: number,
      sent = 0,
      bounds = BOUNDS,
      shards = ALL,
    ): Promise<number[]> =>
      (await filled.log.readWaiting([{ licenseId, version: sent }], bounds, shards)).map(
        ({ version }) => version,
      );

    test('[P2] of many commits at once each has a number of its own, and none is left out', async () => {
      const { id, key } = await filled.newLicense();
      const prices = Array.from({ length: 12 }, (_, index) => index + 1);
      const versions = await Promise.all(prices.map((price) => filled.commit(key, price)));
      expect(versions.toSorted((a, b) => a - b)).toEqual(prices);
      expect(await versionsOf(id)).toEqual(prices);
    });

    test('[Y2] what is committed waits, in order, until it is marked, and marks never go back', async () => {
      const { id, key } = await filled.newLicense();
      for (let price = 1; price <= 4; price += 1) await filled.commit(key, price);
      const backlog = await filled.log.findBacklog([shardOf(key)]);
      expect(backlog.find(({ licenseId }) => licenseId === id)?.changes).toBe(4);
      expect(await versionsOf(id)).toEqual([1, 2, 3, 4]);
      expect(await versionsOf(id, 2)).toEqual([3, 4]);
      expect(await versionsOf(id, 0, { ...BOUNDS, limit: 2 })).toEqual([1, 2]);
      await filled.log.markPublished([{ licenseId: id, version: 3 }]);
      await filled.log.markPublished([{ licenseId: id, version: 1 }]);
      expect(await versionsOf(id)).toEqual([4]);
      await filled.log.markPublished([{ licenseId: id, version: 4 }]);
      const after = await filled.log.findBacklog(ALL);
      expect(after.find(({ licenseId }) => licenseId === id)).toBeUndefined();
    });

    test('[Y3] what is in other shards is not given', async () => {
      const { id, key } = await filled.newLicense();
      await filled.commit(key, 1);
      const others = ALL.filter((shard) => shard !== shardOf(key));
      expect(await versionsOf(id, 0, BOUNDS, others)).toEqual([]);
      expect((await filled.log.findBacklog(others)).some(({ licenseId }) => licenseId === id)).toBe(false);
    });

    test('a waiting change is whole: whose it is, its message and what speaks for it', async () => {
      const { id, key } = await filled.newLicense();
      await filled.commit(key, 7);
      const [change] = await filled.log.readWaiting([{ licenseId: id, version: 0 }], BOUNDS, ALL);
      expect(change).toMatchObject({
        licenseId: id,
        licenseKey: key,
        shard: shardOf(key),
        version: 1,
        type: 'product_update',
        passedOver: 0,
      });
      expect(change?.signature).toMatch(/^[\w-]+\.[\w-]{86}$/);
      expect(JSON.parse(change?.message ?? '')).toMatchObject({
        license_key: key,
        version: 1,
        id: change?.id,
      });
      expect(change?.committedAtMs).toBeGreaterThan(0);
    });

    test('of a license that has ended nothing is given but how it stands', async () => {
      const { id, key } = await filled.newLicense();
      await filled.commit(key, 1);
      await filled.setStatus(key, 'suspended');
      expect(await versionsOf(id)).toEqual([2]);
      await filled.setStatus(key, 'active');
      expect(await versionsOf(id)).toEqual([1, 2, 3]);
    });

    test('[H2] of a long backlog the newest is given, with how many it passes over', async () => {
      const { id, key } = await filled.newLicense();
      for (let price = 1; price <= 5; price += 1) await filled.commit(key, price);
      expect(await versionsOf(id, 0, { limit: 100, coalesceBeyond: 5 })).toEqual([1, 2, 3, 4, 5]);
      const sent = [{ licenseId: id, version: 0 }];
      const read = await filled.log.readWaiting(sent, { limit: 100, coalesceBeyond: 4 }, ALL);
      expect(read.map(({ version, passedOver }) => ({ version, passedOver }))).toEqual([
        { version: 5, passedOver: 4 },
      ]);
    });

    test('[Y3] a shard is leased to one relay at a time, until it is given back or lapses', async () => {
      const { log } = filled;
      const [one, other] = [randomUUID(), randomUUID()];
      expect(await log.claimShards(one, 60_000, [3, 4])).toEqual([3, 4]);
      expect(await log.claimShards(other, 60_000, [3, 4, 5])).toEqual([5]);
      const seen = await log.renewLeases(one, 60_000, [3, 4]);
      expect(seen).toHaveLength(SHARD_COUNT);
      expect(seen[3]).toMatchObject({ shard: 3, owner: one, leased: true });
      expect(seen[5]).toMatchObject({ owner: other, leased: true });
      expect(seen[5]?.lapsesInMs).toBeGreaterThan(50_000);
      expect(seen[5]?.lapsesInMs).toBeLessThanOrEqual(60_000);
      expect(seen[6]).toMatchObject({ owner: null, leased: false, lapsesInMs: 0 });
      await log.releaseShards(one, [3, 5]);
      expect(await log.claimShards(other, 60_000, [3, 5])).toEqual([3, 5]);
      // A lease that is not renewed is nobody's soon.
      await log.renewLeases(one, 1, [4]);
      await expect.poll(() => log.claimShards(other, 60_000, [4])).toEqual([4]);
      expect((await log.renewLeases(one, 60_000, [4]))[4]).toMatchObject({ owner: other, leased: true });
      await log.releaseShards(other, [3, 4, 5]);
      await log.deleteRelay(one);
      await log.deleteRelay(other);
    });

    test('[Y3] each relay sees how many there are', async () => {
      const { log } = filled;
      const relays = [randomUUID(), randomUUID(), randomUUID()];
      for (const relay of relays) await log.renewLeases(relay, 60_000, []);
      const [first = '', ...others] = relays;
      expect((await log.renewLeases(first, 60_000, []))[0]?.relays).toBe(3);
      for (const relay of others) await log.deleteRelay(relay);
      expect((await log.renewLeases(first, 60_000, []))[0]?.relays).toBe(1);
      await log.deleteRelay(first);
    });

    test('[Y2] whoever listens is told of each commit and its shard, until it leaves', async () => {
      const { id, key } = await filled.newLicense();
      const told: ChangeNotice[] = [];
      const leave = await filled.log.listen({
        onChange: (notice) => told.push(notice),
        onAnything: () => undefined,
      });
      await filled.commit(key, 1);
      await expect.poll(() => told).toContainEqual({ licenseId: id, shard: shardOf(key), version: 1 });
      await leave();
      const before = told.length;
      await filled.commit(key, 2);
      await filled.log.findBacklog(ALL);
      expect(told).toHaveLength(before);
    });

    test('[N1] a broadcast waits, and whoever listens is told of it, until it is marked', async () => {
      const { log, announce } = filled;
      let told = 0;
      const leave = await log.listen({
        onChange: () => undefined,
        onAnything: () => {
          told += 1;
        },
      });
      const first = await announce(3_600);
      const second = await announce(3_600);
      await expect.poll(() => told).toBeGreaterThan(0);
      const waiting = await log.readWaitingBroadcasts();
      expect(waiting.map(({ id }) => id)).toEqual([first, second]);
      expect(waiting[0]?.signature).toBeTypeOf('string');
      await log.markBroadcastsPublished([first]);
      expect((await log.readWaitingBroadcasts()).map(({ id }) => id)).toEqual([second]);
      await log.markBroadcastsPublished([second]);
      expect(await log.readWaitingBroadcasts()).toEqual([]);
      await leave();
    });
  });
}
