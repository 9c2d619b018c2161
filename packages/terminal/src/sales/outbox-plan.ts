import type { ErrorCode } from '@tillcast/protocol/errors';
import { SALES_BATCH_MAX, SALES_UPLOAD_MAX_BYTES, type SaleResult } from '@tillcast/protocol/http/sales-api';
import { type Ladder, retryDelayMs } from '@tillcast/protocol/replica/ladder';

/** What came of sending a batch. */
export type Sent =
  /** The server judged each sale by itself. */
  | { readonly came: 'answer'; readonly epoch: string; readonly results: readonly SaleResult[] }
  /** It did not understand the request: one of the sales may be why. */
  | { readonly came: 'notUnderstood'; readonly code: ErrorCode; readonly detail: string }
  /** It failed over the request: one of the sales may be why. */
  | { readonly came: 'failure'; readonly retryAfterMs: number | null }
  /** It was not reached, has too much to do, or does not let this till in for now. */
  | { readonly came: 'nothing'; readonly retryAfterMs: number | null };

/** How an outbox stands between two batches. */
export interface OutboxState {
  /** How often in a row nothing could be sent. */
  readonly failures: number;
  /** So many go into the next batch at most. */
  readonly batchMax: number;
}

export const NEW_OUTBOX: OutboxState = { failures: 0, batchMax: SALES_BATCH_MAX };

/** What stands around the sales in a request, and a comma between them. */
const AROUND_BYTES = 1_024;

/**
 * How many of these sales, in order, go into one request: as many as the server takes at once, and one at least, be it too long by
 * itself.
 * @param sizes the bytes of each
 */
export function fittingInto(sizes: readonly number[], maxBytes: number = SALES_UPLOAD_MAX_BYTES): number {
  let bytes = AROUND_BYTES;
  const beyond = sizes.findIndex((size) => (bytes += size + 1) > maxBytes);
  return beyond === -1 ? sizes.length : Math.max(1, beyond);
}

/** A final answer for a sale. */
export type Verdict<Id extends string> =
  | { readonly id: Id; readonly outcome: 'accepted' }
  | { readonly id: Id; readonly outcome: 'rejected'; readonly code: ErrorCode; readonly detail: string };

/** What to do after a batch. */
export interface OutboxStep<Id extends string> {
  readonly state: OutboxState;
  readonly verdicts: readonly Verdict<Id>[];
  /** Those that let others go first from now on. */
  readonly postponed: readonly Id[];
  /** Until the next batch. */
  readonly waitMs: number;
}

/** Sales are worth asking for more often than a catalog, which has the broker too. */
export const OUTBOX_LADDER: Ladder = { baseMs: 1_000, capMs: 30_000 };

const RETRY_AFTER_MAX_MS = 120_000;

/**
 * Decides what a batch's outcome means. No failure ever rejects a sale, and no sale holds up the others for long:
 *
 * - a request that is not understood is halved, until it holds the one sale that is why, which is parked;
 * - a request that the server fails over is halved too, and its sales are postponed behind those that it has
 *   failed over less often;
 * - a sale that the answer does not name goes again.
 * @param batch the sales that were sent, in order
 * @param random in [0, 1)
 */
export function afterBatch<Id extends string>(
  state: OutboxState,
  batch: readonly Id[],
  sent: Sent,
  random: number,
): OutboxStep<Id> {
  switch (sent.came) {
    case 'answer':
      return afterAnswer(state, batch, sent.results, random);
    case 'notUnderstood': {
      const [only] = batch;
      if (batch.length > 1 || only === undefined) return step({ failures: 0, batchMax: halfOf(batch) });
      const { code, detail } = sent;
      const verdict = { id: only, outcome: 'rejected', code, detail } as const;
      return { ...step(NEW_OUTBOX), verdicts: [verdict] };
    }
    case 'failure': {
      const failures = state.failures + 1;
      const waitMs = waitOf(failures, sent.retryAfterMs, random);
      return { ...step({ failures, batchMax: halfOf(batch) }, waitMs), postponed: batch };
    }
    case 'nothing': {
      const failures = state.failures + 1;
      return step({ ...state, failures }, waitOf(failures, sent.retryAfterMs, random));
    }
  }
}

function afterAnswer<Id extends string>(
  state: OutboxState,
  batch: readonly Id[],
  results: readonly SaleResult[],
  random: number,
): OutboxStep<Id> {
  const verdicts = batch.flatMap((id, index): Verdict<Id>[] => {
    // By place, as the API says; one that names another sale is no answer for this one.
    const result = results[index];
    return result === undefined || result.id !== id ? [] : [{ ...result, id }];
  });
  const batchMax = Math.min(SALES_BATCH_MAX, state.batchMax * 2);
  if (verdicts.length > 0 || batch.length === 0) return { ...step({ failures: 0, batchMax }), verdicts };
  // An answer that says nothing of what was sent is none: not at once again.
  const failures = state.failures + 1;
  return step({ failures, batchMax }, waitOf(failures, null, random));
}

function step(state: OutboxState, waitMs = 0): OutboxStep<never> {
  return { state, verdicts: [], postponed: [], waitMs };
}

function halfOf(batch: readonly unknown[]): number {
  return Math.max(1, Math.floor(batch.length / 2));
}

function waitOf(failures: number, retryAfterMs: number | null, random: number): number {
  const asked = Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
  return Math.max(asked, retryDelayMs(OUTBOX_LADDER, failures, random));
}
