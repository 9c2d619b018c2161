/** One timed run: how long it took, in milliseconds, for a fixed amount of work. */
export type Round = () => Promise<number>;

/** A comparison of the product with the raw thing underneath it. */
export interface Comparison {
  readonly id: string;
  /** What one round does, with its amount of work. */
  readonly what: string;
  readonly product: Round;
  readonly floor: Round;
  readonly rounds: number;
  /** The goal for the median of the ratios: product time over floor time. */
  readonly maxRatio: number;
  /** How many operations a round does, for the rate; left out where the round is a single one. */
  readonly operations?: number;
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface Result {
  readonly id: string;
  readonly what: string;
  readonly rounds: number;
  readonly productMs: Spread;
  readonly floorMs: Spread;
  readonly ratio: Spread;
  readonly maxRatio: number;
  readonly met: boolean;
  readonly operations: number | null;
}

/**
 * Runs product and floor in turn, changing who begins, after one uncounted round of each, so that a machine
 * that slows down or is busy for a while slows both. What counts is the median of the ratios, pair by pair.
 */
export async function compare(comparison: Comparison): Promise<Result> {
  const { id, what, product, floor, rounds, maxRatio, operations } = comparison;
  await floor();
  await product();
  const pairs: (readonly [productMs: number, floorMs: number])[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const floorMs = await floor();
      pairs.push([await product(), floorMs]);
    } else {
      const productMs = await product();
      pairs.push([productMs, await floor()]);
    }
  }
  const ratio = spreadOf(pairs.map(([productMs, floorMs]) => productMs / floorMs));
  return {
    id,
    what,
    rounds,
    productMs: spreadOf(pairs.map(([productMs]) => productMs)),
    floorMs: spreadOf(pairs.map(([, floorMs]) => floorMs)),
    ratio,
    maxRatio,
    met: ratio.median <= maxRatio,
    operations: operations ?? null,
  };
}

/** The milliseconds that some work takes. */
export async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { min: sorted[0] ?? NaN, median: quantileOf(sorted, 0.5), max: sorted.at(-1) ?? NaN };
}

/** A quantile of sorted values, between neighbours where it falls between them. */
export function quantileOf(sorted: readonly number[], quantile: number): number {
  const at = (sorted.length - 1) * quantile;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}
