import {
  CUTS,
  MUTATION_NAMES,
  planOf,
  runPlan,
  runSeeds,
  type SeedResult,
  shrink,
  withoutText,
} from '@tillcast/testkit/simulation';
import { expect, test } from 'vitest';

/** Within so many seeds a protection that is gone must show. */
const SEEDS = 100;

test.each(MUTATION_NAMES)(
  '[O3] with %s taken out, a promise breaks',
  { timeout: 300_000 },
  async (mutation) => {
    let first: SeedResult | undefined;
    await runSeeds({
      from: 1,
      count: SEEDS,
      mutation,
      onResult: (result) => {
        if (result.violation === null) return false;
        first ??= result;
        return true;
      },
    });
    expect(first?.violation).toBeDefined();
  },
);

test('[O3] a protection whose text is no longer there cannot be taken out without a word', () => {
  for (const cut of Object.values(CUTS).flat()) {
    expect(() => withoutText('something else', cut, 'it')).toThrow(cut.file);
    expect(() => withoutText(cut.text + cut.text, cut, 'it')).toThrow(cut.file);
    expect(withoutText(`a ${cut.text} b`, cut, 'it')).toBe(`a ${cut.becomes} b`);
  }
});

test('[O5] a failing run is shrunk to what it fails by', async () => {
  const plan = planOf(11);
  const broken = await runPlan(plan, { breakAfter: 3 });
  expect(broken.violation?.rule).toBe('no exception');
  const { plan: smallest, outcome } = await shrink(plan, broken, { breakAfter: 3 });
  expect(outcome.violation?.rule).toBe('no exception');
  expect(smallest.operations).toHaveLength(3);
  expect(outcome.trace.length).toBeGreaterThan(3);
});
