import type { ReplicaMetric } from '@tillcast/protocol/replica/effect';
import type { DropReason } from './incoming.ts';

/** What is counted since the start. */
export type Metric =
  | ReplicaMetric
  | DropReason
  | 'message_received'
  | 'broadcast'
  | 'broadcast_expired'
  | 'delivery_failed'
  | 'status_answered'
  | 'status_failed'
  | 'attached'
  | 'detached'
  | 'line_deaf'
  | 'store_failed'
  | 'held_back'
  | 'scrubbed'
  | 'scrub_differs'
  | 'catalog_set_aside'
  | 'sales_set_aside'
  | 'cloned'
  | 'token_received'
  | 'login_renewed';

/** Counts that only grow. */
export class Counters {
  readonly #counts = new Map<Metric, number>();

  add(metric: Metric): void {
    this.#counts.set(metric, this.of(metric) + 1);
  }

  of(metric: Metric): number {
    return this.#counts.get(metric) ?? 0;
  }

  /** All that are not zero, by name. */
  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => a.localeCompare(b)));
  }
}
