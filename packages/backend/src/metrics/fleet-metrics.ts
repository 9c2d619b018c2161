import { TILL_STANDINGS, type TillStanding } from '@tillcast/protocol/http/fleet-api';
import { type SyncKind, TILL_EVENTS, type TillEventName } from '@tillcast/protocol/http/status-api';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** How many tills stand how, by their last reports. */
export type FleetGauge = Readonly<Record<TillStanding | 'cloned', number>>;

const LATENCY_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600, 3_600, 86_400];

/** What tills report, summed up over all of them: what came through this process. */
export class FleetMetrics {
  readonly #delivered: Histogram;
  readonly #synced: Histogram;
  readonly #events: Counter;
  readonly #cloned: Counter;
  readonly #batches: Histogram;
  readonly #terminals: Gauge;
  readonly #unsentSales: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#delivered = new Histogram({
      name: 'tillcast_delivery_seconds',
      help: 'From the commit of a change to its apply at a till, as tills report it, by how it came there',
      labelNames: ['way'],
      buckets: LATENCY_BUCKETS_S,
      registers,
    });
    this.#synced = new Histogram({
      name: 'tillcast_terminal_sync_duration_seconds',
      help: 'From a till’s question for changes to their commit there, as tills report it, by what it asked for',
      labelNames: ['kind'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600],
      registers,
    });
    this.#events = new Counter({
      name: 'tillcast_terminal_events_total',
      help: 'What happened at tills, as they report it: gaps, repairs, failures and the like',
      labelNames: ['event'],
      registers,
    });
    for (const event of TILL_EVENTS) this.#events.inc({ event }, 0);
    this.#cloned = new Counter({
      name: 'tillcast_cloned_terminals_total',
      help: 'Times that two copies of one till’s data were found to speak as one terminal',
      registers,
    });
    this.#batches = new Histogram({
      name: 'tillcast_report_batch_size',
      help: 'Reports that one statement wrote to the database',
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000],
      registers,
    });
    this.#terminals = new Gauge({
      name: 'tillcast_terminals',
      help: 'Tills of active licenses by their last reports; cloned ones are counted once more. The same from every backend',
      labelNames: ['standing'],
      registers,
    });
    this.#unsentSales = new Gauge({
      name: 'tillcast_unsent_sales',
      help: 'Sales that wait at those tills, by their last reports. The same from every backend',
      registers,
    });
  }

  delivered(way: 'message' | 'sync', latencyMs: number): void {
    this.#delivered.observe({ way }, latencyMs / 1_000);
  }

  synced(kind: SyncKind, durationMs: number): void {
    this.#synced.observe({ kind }, durationMs / 1_000);
  }

  events(counts: Readonly<Partial<Record<TillEventName, number>>>): void {
    for (const event of TILL_EVENTS) this.#events.inc({ event }, counts[event] ?? 0);
  }

  cloned(): void {
    this.#cloned.inc();
  }

  reportsWritten(reports: number): void {
    this.#batches.observe(reports);
  }

  /** @param counts null: not known now, so that no old figures are shown as new ones */
  stands(counts: (FleetGauge & { readonly unsent_sales: number }) | null): void {
    this.#terminals.reset();
    this.#unsentSales.reset();
    if (counts === null) return this.#unsentSales.remove();
    for (const standing of [...TILL_STANDINGS, 'cloned'] as const) {
      this.#terminals.set({ standing }, counts[standing]);
    }
    this.#unsentSales.set(counts.unsent_sales);
  }
}
