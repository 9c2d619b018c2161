import { planOf, runPlan, runSeeds, type SeedResult } from '@tillcast/testkit/simulation';
import { expect, test } from 'vitest';
import { REGRESSIONS } from './regressions.ts';

const SEEDS = 2_000;

const brokenIn = (results: readonly SeedResult[]): readonly SeedResult[] =>
  results.filter(({ violation }) => violation !== null);

test.each(REGRESSIONS)('[O4] seed $seed keeps every promise again ($was)', async ({ seed }) => {
  // As it was when it broke one, and as it is today.
  for (const withoutSales of [true, false]) {
    const { violation } = await runPlan(planOf(seed, { withoutSales }));
    expect(violation).toBeNull();
  }
});

test(`[O1] ${SEEDS} seeds keep every promise, with every fault there is`, { timeout: 600_000 }, async () => {
  const results = await runSeeds({ from: 1, count: SEEDS });
  expect(brokenIn(results)).toEqual([]);
  expect(results).toHaveLength(SEEDS);
});

test('[O2] the same seed does the same, in another thread and after other seeds too', async () => {
  const there = await runSeeds({ from: 1, count: 40 });
  const here: string[] = [];
  for (let seed = 40; seed >= 1; seed -= 1) here.unshift((await runPlan(planOf(seed))).fingerprint);
  expect(there.map(({ fingerprint }) => fingerprint)).toEqual(here);
  expect(new Set(here).size).toBeGreaterThan(30);
  const traces = [
    await runPlan(planOf(3), { keepTrace: true }),
    await runPlan(planOf(3), { keepTrace: true }),
  ];
  expect(traces[0]?.trace).toEqual(traces[1]?.trace);
});
