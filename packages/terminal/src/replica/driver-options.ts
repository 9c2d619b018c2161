import type { Logger } from '@tillcast/broker';
import type { SyncKind, TillInstance } from '@tillcast/protocol/http/status-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { MessageKeys } from '../identity/message-keys.ts';
import type { TillStore } from '../store/till-store.ts';
import type { SyncClient } from '../sync-client/sync-client.ts';
import type { Counters } from './counters.ts';
import type { SignatureCheck } from './incoming.ts';
import type { TillNews } from './news.ts';
import type { TillClock } from './till-clock.ts';

export interface ReplicaDriverOptions {
  readonly licenseKey: LicenseKey;
  readonly store: TillStore;
  readonly client: SyncClient;
  /** Whose messages are believed. */
  readonly keys: MessageKeys;
  /** How their signatures are checked; left out: Ed25519. */
  readonly checkSignature?: SignatureCheck;
  readonly clock: TillClock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly unsentSales: () => number;
  /** Told the epoch that each of the server's answers names, before the answer counts; where it throws, the answer does not. */
  readonly onHistory?: (epoch: string) => void;
  /** Which copy of the till's data this is; left out, or where it gives null: nothing is told of it. */
  readonly instance?: () => TillInstance | null;
  /** Measures what is told to nobody but this machine. */
  readonly observer?: ReplicaObserver;
  readonly counters: Counters;
  readonly logger: Logger;
  /** What the page may want to know; called in order, after the commit that it tells of. */
  readonly onNews: (news: TillNews) => void;
  /** Our queue is consumed, and messages that were due did not come: it is to be given up for a new one. */
  readonly onDeafLine: () => void;
}

/** Told of what takes time, for metrics. */
export interface ReplicaObserver {
  /** A change was applied, so long after its commit by the server's clock, as far as that is known. */
  delivered(latencyMs: number): void;
  /** What was asked for is committed, so long after the question. */
  synced(kind: SyncKind, durationMs: number): void;
}
