import fc from 'fast-check';
import { describe, test } from 'vitest';
import { actionArbitrary, Run } from './run.ts';

describe('under every fault', () => {
  test('[P3] [P4] [P6] [R1] content is always that of a version, live is always true, and calm brings convergence', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(actionArbitrary, { minLength: 1, maxLength: 120 }),
        (warm, actions) => {
          const run = new Run();
          if (warm) for (const what of ['answer', 'attach', 'answer'] as const) run.act({ do: what });
          for (const action of actions) run.act(action);
          run.calm();
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
