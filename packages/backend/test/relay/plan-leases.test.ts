import { parseLicenseKey } from '@tillcast/protocol/license-key';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planLeases, type ShardLease } from '../../src/relay/plan-leases.ts';
import { SHARD_COUNT, shardOf } from '../../src/relay/shard.ts';

const shards: fc.Arbitrary<ShardLease[]> = fc
  .array(fc.record({ owner: fc.constantFrom('a', 'b', 'c', null), leased: fc.boolean() }), {
    minLength: SHARD_COUNT,
    maxLength: SHARD_COUNT,
  })
  .map((all) => all.map((each, shard) => ({ shard, ...each, leased: each.leased && each.owner !== null })));

test('[Y1] a relay claims only what is free and gives back only what is its own', () => {
  const property = (all: ShardLease[], relays: number): void => {
    const { claim, release } = planLeases('a', relays, all);
    for (const shard of claim) expect(all[shard]?.leased).toBe(false);
    for (const shard of release) expect(all[shard]).toMatchObject({ owner: 'a', leased: true });
    expect(claim.length === 0 || release.length === 0).toBe(true);
  };
  fc.assert(fc.property(shards, fc.integer({ min: 1, max: 40 }), property));
});

test('[Y3] relays that take turns come to own every shard, none more than its share, and then stay', () => {
  const property = (start: ShardLease[], count: number): void => {
    const relays = ['a', 'b', 'c', 'd', 'e'].slice(0, count);
    let all = start.map((each) =>
      each.owner !== null && relays.includes(each.owner) ? each : { ...each, leased: false },
    );
    const turn = (): number => {
      let moves = 0;
      for (const me of relays) {
        const { claim, release } = planLeases(me, count, all);
        moves += claim.length + release.length;
        all = all.map((each) => {
          if (claim.includes(each.shard)) return { ...each, owner: me, leased: true };
          return release.includes(each.shard) ? { ...each, owner: null, leased: false } : each;
        });
      }
      return moves;
    };
    turn();
    turn();
    expect(turn()).toBe(0);
    for (const me of relays) {
      expect(all.filter(({ owner }) => owner === me).length).toBeLessThanOrEqual(
        Math.ceil(SHARD_COUNT / count),
      );
    }
    expect(all.every(({ leased }) => leased)).toBe(true);
  };
  fc.assert(fc.property(shards, fc.integer({ min: 1, max: 5 }), property));
});

test('a license’s shard is one of them and always the same', () => {
  expect(shardOf(parseLicenseKey('EXTRO-LIFE-ABC123'))).toBe(shardOf(parseLicenseKey('EXTRO-LIFE-ABC123')));
  const used = new Set(
    Array.from({ length: 400 }, (_, index) => shardOf(parseLicenseKey(`KEY-${1_000 + index}`))),
  );
  expect([...used].toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: SHARD_COUNT }, (_, shard) => shard),
  );
});
