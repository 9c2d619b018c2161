import { drawMore } from './draw-more.ts';
import { drawOperations } from './draw-operations.ts';
import { drawSales, NO_SALES } from './draw-sales.ts';
import { drawMix, type Mix } from './mix.ts';
import type { Operation } from './operation.ts';
import { Random } from './random.ts';

/** All of a run: the same plan makes the same run. */
export interface Plan {
  readonly seed: number;
  readonly mix: Mix;
  readonly operations: readonly Operation[];
  /** From here on nothing goes wrong any more. */
  readonly quietAtMs: number;
}

export interface PlanOptions {
  /** How many operations; left out: drawn too. */
  readonly steps?: number;
  /** The seed as it was before tills sold. */
  readonly withoutSales?: boolean;
}

/** The plan of a seed. */
export function planOf(seed: number, { steps, withoutSales = false }: PlanOptions = {}): Plan {
  const random = new Random(`seed ${seed}`);
  const mix = drawMix(random.fork('mix'));
  const sizes = random.fork('sizes');
  const drawn = sizes.int(10, 60);
  const count = steps ?? drawn;
  const durationMs = Math.round(sizes.between(5_000, 40_000) * Math.max(1, count / 60));
  const drawnFirst = drawOperations(random.fork('operations'), mix, count, durationMs);
  // Drawn apart: what came to the simulator later leaves the rest of a seed as it was.
  const others = [...drawnFirst, ...drawMore(random, mix, durationMs)];
  const sales = withoutSales ? NO_SALES : drawSales(random.fork('sales'), mix, durationMs, others);
  const { sells, rates } = sales;
  return {
    seed,
    mix: { ...mix, sells, rates: { ...mix.rates, ...rates } },
    operations: [...others, ...sales.operations].toSorted((a, b) => a.atMs - b.atMs),
    quietAtMs: durationMs,
  };
}
