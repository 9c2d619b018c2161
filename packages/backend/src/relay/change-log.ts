import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { BroadcastType, ChangeType } from '@tillcast/protocol/message-type';
import type { ChangeNotice } from './channels.ts';
import type { ShardLease } from './plan-leases.ts';

/** A license whose broker confirmations lag behind its changes. */
export interface Backlog {
  readonly licenseId: number;
  /** Changes that wait. */
  readonly changes: number;
}

/** A change that is to be published. */
export interface WaitingChange {
  readonly licenseId: number;
  readonly licenseKey: LicenseKey;
  readonly shard: number;
  readonly version: number;
  readonly id: string;
  readonly type: ChangeType;
  readonly message: string;
  /** Null where it was committed before there were signatures. */
  readonly signature: string | null;
  /** Milliseconds since 1970. */
  readonly committedAtMs: number;
  /** Changes right before it that are not published: its tills see a gap, and the delta brings them. */
  readonly passedOver: number;
}

/** How much of a license is read at once. */
export interface ReadBounds {
  /** Changes of one license at most. */
  readonly limit: number;
  /**
   * Where more changes of a license wait than this, only the newest is read, and those that say how the license
   * stands: the delta that its tills then ask for holds each item once, however often it changed.
   */
  readonly coalesceBeyond: number;
}

/** How far a license is published. */
export interface Progress {
  readonly licenseId: number;
  readonly version: number;
}

/** A broadcast that is to be published. */
export interface WaitingBroadcast {
  readonly id: string;
  readonly type: BroadcastType;
  readonly message: string;
  /** Null where it was made before there were signatures. */
  readonly signature: string | null;
  readonly createdAt: Date;
}

/** A shard, and how many relays share all of them. */
export interface SeenShard extends ShardLease {
  /** Until its lease ends, by the log's own clock; 0 where none is in force. */
  readonly lapsesInMs: number;
  /** Relays that live, this one included. */
  readonly relays: number;
}

/** Told of what is new in a change log. */
export interface ChangeLogListener {
  /** A change was committed. */
  readonly onChange: (notice: ChangeNotice) => void;
  /** A broadcast waits, or something may have been missed: everything is worth a look. */
  readonly onAnything: () => void;
}

/**
 * What a relay needs of the change log; the database's is `databaseChangeLog`, and one contract suite holds for
 * every other.
 *
 * Any of its promises rejects with `database_unavailable` where the log cannot be reached; of a writing one it is
 * then not known whether it was done.
 */
export interface ChangeLog {
  /** The licenses of these shards with changes that wait. */
  findBacklog(shards: readonly number[]): Promise<readonly Backlog[]>;
  /**
   * The next changes of each license, by license and version; of a license that has ended only how it stands.
   * @param sent how far each license has been handed to the broker already, confirmed or not
   * @param shards changes of other shards are left out
   */
  readWaiting(
    sent: readonly Progress[],
    bounds: ReadBounds,
    shards: readonly number[],
  ): Promise<readonly WaitingChange[]>;
  /** Notes how far licenses are published; never backwards. What is noted may be lost, and is then published again. */
  markPublished(done: readonly Progress[]): Promise<void>;
  /** The oldest broadcasts that wait and have not expired. */
  readWaitingBroadcasts(): Promise<readonly WaitingBroadcast[]>;
  markBroadcastsPublished(ids: readonly string[]): Promise<void>;
  /** Says that the relay lives, renews the leases that it still has on `held`, and reads where all shards are. */
  renewLeases(relayId: string, leaseMs: number, held: readonly number[]): Promise<readonly SeenShard[]>;
  /** Takes those of the shards that are free, and gives them. */
  claimShards(relayId: string, leaseMs: number, wanted: readonly number[]): Promise<readonly number[]>;
  /** Gives shards back at once; the caller publishes nothing of them any more. */
  releaseShards(relayId: string, shards: readonly number[]): Promise<void>;
  /** Takes a relay off the list, and such as went without a word. */
  deleteRelay(relayId: string): Promise<void>;
  /** Tells of every commit from now on, or that some may have been missed, until the returned function is called. */
  listen(listener: ChangeLogListener): Promise<() => Promise<void>>;
}
