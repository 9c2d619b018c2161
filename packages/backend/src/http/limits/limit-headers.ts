import type { Verdict } from './meter.ts';

/**
 * The `RateLimit-Policy` and `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers-11) of the policies that
 * a request was measured by: `"address";q=3000;w=10` and `"address";r=2999;t=1`.
 */
export function limitHeaders(verdicts: readonly Verdict[]): {
  readonly 'ratelimit-policy': string;
  readonly ratelimit: string;
} {
  return {
    'ratelimit-policy': verdicts
      .map(({ policy }) => `"${policy.name}";q=${policy.quota};w=${policy.windowS}`)
      .join(', '),
    ratelimit: verdicts
      .map((verdict) => `"${verdict.policy.name}";r=${verdict.remaining};t=${secondsOf(verdict)}`)
      .join(', '),
  };
}

/** Whole seconds, rounded up, at least one: who waits so long is not early. */
export function secondsOf({ resetMs }: Verdict): number {
  return Math.max(Math.ceil(resetMs / 1000), 1);
}
