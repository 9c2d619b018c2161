import type { Cursor } from '../cursor.ts';
import type { Row } from '../items/item.ts';
import type { Edit } from '../messages/edits.ts';

/** What the replica wants done. The driver does it and reports back by an event. */
export type ReplicaEffect =
  /** Commit the edits and `target` in one transaction, unless the digest then differs; answer `applied` or `applyFailed`. */
  | {
      readonly effect: 'applyEdits';
      readonly edits: readonly Edit[];
      readonly target: Cursor;
      readonly note: unknown;
    }
  /** The same with the rows of a delta. */
  | { readonly effect: 'applyRows'; readonly rows: readonly Row[]; readonly target: Cursor }
  /** The same with the rows of a snapshot, in the place of all that is there. */
  | { readonly effect: 'replaceAll'; readonly rows: readonly Row[]; readonly target: Cursor }
  /** The same with the rows of a repair; what is compared is the digest of all texts as they then lie in the store. */
  | { readonly effect: 'applyRepair'; readonly rows: readonly Row[]; readonly target: Cursor }
  /** Ask for all pages of the delta; answer `delta`, `historyGone`, `pullFailed` or `refused`. */
  | { readonly effect: 'pullDelta'; readonly since: Cursor }
  /** Ask for the snapshot; answer `snapshot`, `pullFailed` or `refused`. */
  | { readonly effect: 'pullSnapshot' }
  /** Find out which rows are not the server's and ask for those; answer `repair`, `repairGivenUp`, `pullFailed` or `refused`. */
  | { readonly effect: 'pullRepair' }
  /** Answer `settled` after a short wait. */
  | { readonly effect: 'startSettling' }
  | { readonly effect: 'stopSettling' }
  /** Answer `retryDue` after the ladder's wait for this attempt. */
  | { readonly effect: 'startRetry'; readonly attempt: number }
  | { readonly effect: 'stopRetry' }
  /** Report status soon: what we hold may have become provable. */
  | { readonly effect: 'report' }
  | { readonly effect: 'count'; readonly metric: ReplicaMetric };

/** What is worth counting. */
export type ReplicaMetric =
  | 'applied'
  | 'stale'
  | 'gap'
  | 'foreign_epoch'
  | 'digest_mismatch'
  | 'content_differs'
  | 'repair'
  | 'mended'
  | 'held_overflow'
  | 'unfounded'
  | 'delta'
  | 'snapshot'
  | 'pull_failed';
