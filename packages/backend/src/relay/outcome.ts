import { asTillcastError, type ErrorCode, type TillcastError } from '@tillcast/protocol/errors';
import type { Progress, WaitingChange } from './change-log.ts';

/** What became of one message that was handed to the broker. */
export type Outcome =
  | { readonly outcome: 'confirmed' }
  /** It may be tried again: the broker was away, or said no. */
  | { readonly outcome: 'failed'; readonly error: TillcastError }
  /** It can never be published; whoever misses it sees the gap and pulls. */
  | { readonly outcome: 'impossible'; readonly error: TillcastError };

export const CONFIRMED: Outcome = { outcome: 'confirmed' };

const IMPOSSIBLE: ReadonlySet<ErrorCode> = new Set(['message_too_large', 'message_invalid']);

/** The outcome of a publish that was rejected. */
export function outcomeOf(reason: unknown): Outcome {
  const error = asTillcastError(reason);
  return { outcome: IMPOSSIBLE.has(error.code) ? 'impossible' : 'failed', error };
}

/** A change with what became of it. */
export interface Settled {
  readonly change: WaitingChange;
  readonly outcome: Outcome;
}

/** How far a batch brought each license. */
export interface BatchProgress {
  readonly done: readonly Progress[];
  /** Licenses that stopped at a failure; what was sent of them after it counts for nothing. */
  readonly failed: ReadonlySet<number>;
}

/**
 * Counts a license's changes as published up to its first failure only, so that the next try begins there.
 * @param settled by license and version, each license without a hole
 * @param failedBefore licenses that stopped in an earlier batch
 */
export function progressOf(settled: readonly Settled[], failedBefore: ReadonlySet<number>): BatchProgress {
  const failed = new Set(failedBefore);
  const versions = new Map<number, number>();
  for (const { change, outcome } of settled) {
    const { licenseId, version } = change;
    if (outcome.outcome === 'failed') failed.add(licenseId);
    if (!failed.has(licenseId)) versions.set(licenseId, version);
  }
  const done = [...versions].map(([licenseId, version]) => ({ licenseId, version }));
  return { done, failed };
}
