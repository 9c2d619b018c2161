import type { Clock, Logger, OutgoingMessage } from '@tillcast/broker';
import type { ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import type { ChangeLog } from './change-log.ts';

/** What a relay needs of a publisher; the broker's fits. */
export interface RelayPublisher {
  /** Calls back once: with null on the broker's confirm, else with why there is none. The order of calls is the order on the wire. */
  send(message: OutgoingMessage, onSettled: (error: TillcastError | null) => void): void;
  readonly ready: boolean;
  onReadyChange(listener: (ready: boolean) => void): () => void;
}

/** Told what a relay does, for metrics. */
export interface RelayObserver {
  /** A message was confirmed, so long after its commit by this machine's clock. */
  published(type: string, waitedMs: number): void;
  /** A message was not confirmed; it is tried again unless it can never be published. */
  failed(code: ErrorCode): void;
  /** So many changes of a long backlog are not published: the delta brings them. */
  passedOver(changes: number): void;
  /** Changes that wait in this relay's shards, as counted every few seconds. */
  backlog(changes: number): void;
}

export interface RelayOptions {
  readonly log: ChangeLog;
  readonly publisher: RelayPublisher;
  readonly logger: Logger;
  readonly observer?: RelayObserver;
  /** A UUID that no other relay has; a new one where left out. */
  readonly relayId?: string;
  readonly clock?: Clock;
  /** How many changes of one license may wait before only the newest of them is published. */
  readonly coalesceBeyond?: number;
  /** The wall clock, for what the observer is told: milliseconds since 1970. */
  readonly nowMs?: () => number;
  /** A number in [0, 1). */
  readonly random?: () => number;
}
