/** Four buckets an octave: a quantile read from them is at most 9.1 % off, or half a millisecond. */
const PER_OCTAVE = 4;

/** How far off a quantile may be, either way. */
export const QUANTILE_ERROR = 0.091;

/** The bucket of a time. Bucket 0 is below 1 ms; bucket n begins at 2^((n - 1) / 4) ms. */
export function bucketOf(latencyMs: number): number {
  return latencyMs < 1 ? 0 : 1 + Math.floor(Math.log2(latencyMs) * PER_OCTAVE);
}

/** What a bucket stands for: its middle, by ratio. */
export function latencyOf(bucket: number): number {
  return bucket === 0 ? 0.5 : 2 ** ((bucket - 0.5) / PER_OCTAVE);
}

/** Counts by bucket, grown as needed. */
export type Buckets = number[];

export function addLatency(buckets: Buckets, latencyMs: number): void {
  const bucket = bucketOf(latencyMs);
  while (buckets.length <= bucket) buckets.push(0);
  buckets[bucket] = (buckets[bucket] ?? 0) + 1;
}

/** The time within which this share (0 < share ≤ 1) was done, in ms; null where nothing was counted. */
export function quantileOf(buckets: readonly number[], share: number): number | null {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (const [bucket, count] of buckets.entries()) {
    seen += count;
    if (seen >= rank) return latencyOf(bucket);
  }
  return null;
}
