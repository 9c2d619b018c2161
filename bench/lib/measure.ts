/** One run with a fixed amount of work: what was measured of it, mostly how long it took, in milliseconds. */
export type Round = () => Promise<number>;

/** A comparison of the product with the raw thing underneath it. */
export interface Comparison {
  readonly id: string;
  /** What one round does, with its amount of work. */
  readonly what: string;
  readonly product: Round;
  readonly floor: Round;
  readonly rounds: number;
  /** Uncounted rounds of each before: default 1. Of what takes milliseconds, the first hundred are the compiler's. */
  readonly warmUps?: number;
  /** The goal for the median of the ratios: product time over floor time. */
  readonly maxRatio: number;
  /** How many operations a round does, for the rate; left out where the round is a single one. */
  readonly operations?: number;
  /** What the rounds' numbers are. Default `ms`. */
  readonly unit?: Unit;
}

/** `ms CPU`: of all cores together. `queries`: statements that the database was asked. */
export type Unit = 'ms' | 'ms CPU' | 'KiB' | 'queries';

/** Several comparisons of the same rounds: each round gives a sample, of which each comparison takes its number. */
export interface Comparisons<Sample> {
  readonly rounds: number;
  readonly warmUps?: number;
  readonly product: () => Promise<Sample>;
  readonly floor: () => Promise<Sample>;
  readonly rows: readonly (Omit<Comparison, 'product' | 'floor' | 'rounds' | 'warmUps'> & {
    readonly of: (sample: Sample) => number;
  })[];
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
  readonly unit: Unit;
  /** In the unit, whatever the name says. */
  readonly productMs: Spread;
  /** In the unit too. */
  readonly floorMs: Spread;
  readonly ratio: Spread;
  readonly maxRatio: number;
  readonly met: boolean;
  readonly operations: number | null;
}

/**
 * Runs product and floor in turn, changing who begins, after uncounted rounds of each, so that a machine
 * that slows down or is busy for a while slows both. What counts is the median of the ratios, pair by pair.
 */
export async function compare(comparison: Comparison): Promise<Result> {
  const { product, floor, rounds, warmUps = 1, ...row } = comparison;
  const [result] = await compareAll({
    product,
    floor,
    rounds,
    warmUps,
    rows: [{ ...row, of: (value) => value }],
  });
  if (result === undefined) throw new Error('A comparison has a result.');
  return result;
}

/** As {@link compare}, for several numbers of the same rounds. */
export async function compareAll<Sample>(comparisons: Comparisons<Sample>): Promise<readonly Result[]> {
  const { product, floor, rounds, warmUps = 1, rows } = comparisons;
  for (let round = 0; round < warmUps; round += 1) {
    await floor();
    await product();
  }
  const pairs: (readonly [product: Sample, floor: Sample])[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const ofFloor = await floor();
      pairs.push([await product(), ofFloor]);
    } else {
      const ofProduct = await product();
      pairs.push([ofProduct, await floor()]);
    }
  }
  return rows.map(({ id, what, unit = 'ms', maxRatio, operations, of }) => {
    const numbers = pairs.map(([ofProduct, ofFloor]) => [of(ofProduct), of(ofFloor)] as const);
    const ratio = spreadOf(numbers.map(([ofProduct, ofFloor]) => ofProduct / ofFloor));
    return {
      id,
      what,
      rounds,
      unit,
      productMs: spreadOf(numbers.map(([ofProduct]) => ofProduct)),
      floorMs: spreadOf(numbers.map(([, ofFloor]) => ofFloor)),
      ratio,
      maxRatio,
      met: ratio.median <= maxRatio,
      operations: operations ?? null,
    };
  });
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
