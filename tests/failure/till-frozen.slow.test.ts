import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually, SLOWNESS } from './support/bounds.ts';
import { startLoad } from './support/load.ts';
import { setStage } from './support/stage.ts';
import type { StagedTill } from './support/staged-till.ts';

const SHOP = 'FROZEN-LIFE-SHOP1';

/** The full measure is 600. */
const FROZEN_S = Number(process.env['TILLCAST_TEST_FROZEN_S'] ?? 60);
const QUEUE_MAX = 10_000;
/** What a tenth of a few milliseconds drowns in. */
const NOISE_MS = 50 * SLOWNESS;
/** In this time the lines that a till shows of its log are all new. */
const WINDOW_MS = 6_000;

/** The 99th percentile of the time from the commit to the till's apply, of the till's newest changes. */
async function p99Of(tills: readonly StagedTill[]): Promise<number> {
  const tookMs: number[] = [];
  for (const till of tills) {
    for (const { committed_at, applied_at } of await till.activity())
      if (committed_at !== null) tookMs.push(Date.parse(applied_at) - Date.parse(committed_at));
  }
  return tookMs.toSorted((a, b) => a - b)[Math.ceil(tookMs.length * 0.99) - 1] ?? Number.NaN;
}

/** The median of some windows' p99, so that one hiccup of the machine is not taken for the rule. */
async function typicalP99Of(tills: readonly StagedTill[], windows: number): Promise<number> {
  const seenMs: number[] = [];
  for (let window = 0; window < windows; window += 1) {
    await pause(WINDOW_MS);
    seenMs.push(await p99Of(tills));
  }
  return seenMs.toSorted((a, b) => a - b)[Math.floor(windows / 2)] ?? Number.NaN;
}

test(
  `[P3] [P6] [Q3] a till that is frozen for ${FROZEN_S} s costs the broker little and the others nothing, and comes back by a delta`,
  async () => {
    await using stage = await setStage({ licenses: [SHOP], ownBroker: true });
    const { broker } = stage;
    if (broker === null) throw new Error('It has one of its own.');
    const others = await Promise.all(['one', 'two'].map((name) => stage.openTill(SHOP, name)));
    const frozen = await stage.openTill(SHOP, 'frozen');
    for (const till of [...others, frozen])
      await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
    const load = startLoad(stage, SHOP, 40);
    await eventually(() => expect(load.acknowledged.length).toBeGreaterThan(250));
    const before = await frozen.counts();
    const p99BeforeMs = await typicalP99Of(others, 3);

    frozen.process.freeze();
    // `rabbitmqctl` costs this machine as much as all of this test: not while it is measured.
    const depthOfQueues = async (): Promise<number> =>
      Math.max(
        ...(await broker.control('list_queues', '--no-table-headers', 'messages')).split('\n').map(Number),
      );
    const thawAtMs = performance.now() + FROZEN_S * 1_000;
    await pause(10_000);
    const early = await depthOfQueues();
    const p99DuringMs = await typicalP99Of(others, 3);
    await pause(thawAtMs - performance.now());
    const deepest = Math.max(early, await depthOfQueues());
    const queues = (await broker.control('list_queues', '--no-table-headers', 'name')).trim().split('\n');
    await stage.truth.check();
    await load.stop();
    console.log(
      `deepest queue ${deepest}; p99 of the others ${p99BeforeMs} ms before, ${p99DuringMs} ms during`,
    );
    expect(deepest).toBeLessThanOrEqual(QUEUE_MAX);
    // It missed its heartbeats, and its queue went with its connection.
    expect(queues).toHaveLength(others.length);
    expect(p99DuringMs).toBeLessThanOrEqual(p99BeforeMs * 1.1 + NOISE_MS);

    frozen.process.thaw();
    await eventually(async () => frozen.isLiveAt(await stage.head(SHOP)));
    const after = await frozen.counts();
    const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
    console.log(`came back by ${grown('delta')} deltas`);
    expect(grown('snapshot')).toBe(0);
    // One when it wakes; and one more when it is attached, which finds nothing or little.
    expect(grown('delta')).toBeGreaterThanOrEqual(1);
    expect(grown('delta')).toBeLessThanOrEqual(2);
  },
  FROZEN_S * 1_000 + 240_000,
);
