import type { Cursor } from '../cursor.ts';
import type { ErrorCode } from '../errors.ts';
import type { IncomingChange } from './event.ts';

/** What every state of the replica knows. */
export interface ReplicaContext {
  /** What the store holds, with proof; null before the first snapshot. */
  readonly cursor: Cursor | null;
  /** Whether our queue is bound and consumed: from then on every change comes here, or shows as a gap. */
  readonly attached: boolean;
  /** The highest version known to exist, in the history it belongs to. */
  readonly latest: { readonly epoch: string; readonly version: number } | null;
  /** The newest word of the server on where it stands that we do not hold yet. */
  readonly claim: Claim | null;
  /** The newest word of the server that we do hold: the proof of currency, as old as the question. */
  readonly proof: Claim | null;
  /** What lies in the store may not be what the cursor says: a repair or a snapshot decides, and nothing else. */
  readonly suspect: boolean;
  /** Repairs since a change was last applied as it should be; a second in a row waits first. */
  readonly repairs: number;
}

/** The server said so, when asked at `askedAtMs` by the driver's steady clock, which is never set back. */
export interface Claim {
  readonly at: Cursor;
  readonly askedAtMs: number;
}

/** Which question a pull asks: what came after our cursor, which rows are not the server's, or everything. */
export type Pull = 'delta' | 'repair' | 'snapshot';

/** Changes received while something else was under way, in order of arrival. */
export type Held = readonly IncomingChange[];

/** Nothing is under way: as far as is known here, all is applied. */
export interface Following extends ReplicaContext {
  readonly name: 'following';
}

/** A change is missing, or the server is ahead: a short wait, since it may be on its way. */
export interface Settling extends ReplicaContext {
  readonly name: 'settling';
  readonly held: Held;
}

/** A question to the sync API is under way; what arrives is held. `again`: ask once more when it is done. */
export interface Pulling extends ReplicaContext {
  readonly name: 'pulling';
  readonly pull: Pull;
  readonly attempt: number;
  readonly again: boolean;
  readonly held: Held;
}

/** The store was asked to commit, to `target`. */
export interface Applying extends ReplicaContext {
  readonly name: 'applying';
  readonly from: 'message' | Pull;
  readonly target: Cursor;
  readonly attempt: number;
  /** Ask for the delta once more when this is done. */
  readonly again: boolean;
  /** The wait that a message interrupted, gone back to unless something better comes of it. */
  readonly resume: Wait | null;
  readonly held: Held;
}

/**
 * Why a replica waits: the API is out of reach, its answer left the gap open, our own store failed, or the
 * content differed twice in a row.
 */
export type WaitReason = 'unreachable' | 'gap' | 'store' | 'digest';

/** How a wait goes on. */
export interface Wait {
  readonly pull: Pull;
  readonly attempt: number;
  readonly why: WaitReason;
}

/** A pull or a commit failed: the next try waits for its timer. */
export interface Waiting extends ReplicaContext, Wait {
  readonly name: 'waiting';
  readonly held: Held;
}

/** The server will not serve this license; asked again slowly, since it may be resumed. */
export interface Refused extends ReplicaContext {
  readonly name: 'refused';
  readonly code: ErrorCode;
}

export type ReplicaState = Following | Settling | Pulling | Applying | Waiting | Refused;
export type StateName = ReplicaState['name'];
export type StateNamed<N extends StateName> = Extract<ReplicaState, { name: N }>;

/**
 * A replica as it starts, with what its store holds.
 * @param suspect whether the rows were found not to be those of the cursor
 */
export function initialReplica(cursor: Cursor | null, suspect = false): Following {
  return {
    name: 'following',
    cursor,
    attached: false,
    latest: cursor === null ? null : { epoch: cursor.epoch, version: cursor.version },
    claim: null,
    proof: null,
    suspect,
    repairs: 0,
  };
}

/** How many changes the replica knows itself to be behind; null when it cannot know. */
export function behindOf(state: ReplicaState): number | null {
  const { cursor, latest } = state;
  if (latest === null) return null;
  if (cursor === null || cursor.epoch !== latest.epoch) return null;
  return Math.max(0, latest.version - cursor.version);
}
