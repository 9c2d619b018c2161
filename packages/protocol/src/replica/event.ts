import type { Cursor } from '../cursor.ts';
import type { ErrorCode } from '../errors.ts';
import type { Row } from '../items/item.ts';
import type { Edit } from '../messages/edits.ts';

/** A change as it arrived from the broker, checked and meant for this license. */
export interface IncomingChange {
  readonly to: Cursor;
  /** Null where it carries no rows. */
  readonly edits: readonly Edit[] | null;
  /** What the activity log wants to know of it; the machine does not look inside. */
  readonly note: unknown;
}

/** Everything that can happen to a replica. */
export type ReplicaEvent =
  | { readonly type: 'started' }
  | { readonly type: 'attached' }
  | { readonly type: 'detached' }
  | { readonly type: 'message'; readonly change: IncomingChange }
  | { readonly type: 'delta'; readonly to: Cursor; readonly rows: readonly Row[]; readonly askedAtMs: number }
  /** The rows that are not the server's, as it has them; null bodies for those that it does not have. */
  | {
      readonly type: 'repair';
      readonly to: Cursor;
      readonly rows: readonly Row[];
      readonly askedAtMs: number;
    }
  /** Too much differs, or the server's answers do not go together: only the snapshot helps. */
  | { readonly type: 'repairGivenUp' }
  | {
      readonly type: 'snapshot';
      readonly to: Cursor;
      readonly rows: readonly Row[];
      readonly askedAtMs: number;
    }
  | { readonly type: 'historyGone' }
  | { readonly type: 'pullFailed' }
  | { readonly type: 'refused'; readonly code: ErrorCode }
  | { readonly type: 'applied' }
  | { readonly type: 'applyFailed'; readonly reason: 'digest' | 'store' }
  | { readonly type: 'settled' }
  | { readonly type: 'retryDue' }
  | {
      /** The answer to a status report: where the server stands, and what we said we held when asking. */
      readonly type: 'answered';
      readonly server: Cursor;
      readonly asked: Cursor | null;
      readonly askedAtMs: number;
    }
  /** The rows as they lie in the store are not those of our cursor, though nothing was received or failed. */
  | { readonly type: 'contentDiffers' }
  | { readonly type: 'syncRequested' };

export type EventType = ReplicaEvent['type'];
export type EventOf<T extends EventType> = Extract<ReplicaEvent, { type: T }>;
