import { drawMore } from './draw-more.ts';
import { drawOperations } from './draw-operations.ts';
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

/** The plan of a seed. @param steps how many operations; left out: drawn too */
export function planOf(seed: number, steps?: number): Plan {
  const random = new Random(`seed ${seed}`);
  const mix = drawMix(random.fork('mix'));
  const sizes = random.fork('sizes');
  const drawn = sizes.int(10, 60);
  const count = steps ?? drawn;
  const durationMs = Math.round(sizes.between(5_000, 40_000) * Math.max(1, count / 60));
  const drawnFirst = drawOperations(random.fork('operations'), mix, count, durationMs);
  // Drawn apart: what came to the simulator later leaves the rest of a seed as it was.
  const operations = [...drawnFirst, ...drawMore(random, mix, durationMs)].toSorted(
    (a, b) => a.atMs - b.atMs,
  );
  return { seed, mix, operations, quietAtMs: durationMs };
}
