import { DigestSum } from './digest.ts';

/** How many buckets a catalog's rows fall into: by the first byte of a row's own number. */
export const BUCKET_COUNT = 256;

/** The bucket of a row's number: its first two hexadecimal digits. */
export function bucketOf(rowDigest: string): string {
  return rowDigest.slice(0, 2);
}

/** The names of all buckets, `00` to `ff`. */
export const BUCKETS: readonly string[] = Array.from({ length: BUCKET_COUNT }, (_, index) =>
  index.toString(16).padStart(2, '0'),
);

/** The rows' numbers added up by bucket: the catalog's digest, taken apart so that it can tell where two differ. */
export class BucketSums {
  readonly #sums: ReadonlyMap<string, DigestSum> = new Map(BUCKETS.map((name) => [name, new DigestSum()]));

  /** @param rowDigest 16 hexadecimal digits */
  add(rowDigest: string): this {
    this.#sums.get(bucketOf(rowDigest))?.add(rowDigest);
    return this;
  }

  /** The sums from bucket `00` to `ff`. */
  toArray(): readonly string[] {
    return BUCKETS.map((name) => String(this.#sums.get(name)));
  }
}

/** The buckets whose sums differ. */
export function differingBuckets(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  return BUCKETS.filter((_, index) => ours[index] !== theirs[index]);
}

/** The digest of the whole catalog, from its buckets' sums. */
export function digestOfBuckets(sums: readonly string[]): string {
  const total = new DigestSum();
  for (const sum of sums) total.add(sum);
  return total.toString();
}
