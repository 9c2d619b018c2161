import type { SyncKind } from '@tillcast/protocol/http/status-api';
import type { TerminalState } from '@tillcast/protocol/http/terminal-api';
import { TERMINAL_STATUS_WORDS } from '@tillcast/protocol/replica/status';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Counters } from '../replica/counters.ts';
import type { ReplicaObserver } from '../replica/driver-options.ts';

/** What the till is like now. */
export interface TillFigures {
  readonly state: TerminalState;
  /** How far this machine's clock is ahead of the server's; null where that is not known. */
  readonly clockOffsetMs: number | null;
  /** Milliseconds since 1970, by this machine. */
  readonly nowMs: number;
}

/**
 * The till's own measurements: base units, prefix `tillcast_till_`, and neither license nor terminal as a label.
 * Besides these, Node's own.
 */
export class TillMetrics implements ReplicaObserver {
  readonly #registry = new Registry();
  readonly #counters: Counters;
  readonly #delivered: Histogram;
  readonly #synced: Histogram;
  readonly #events: Counter;
  readonly #status: Gauge;
  readonly #version: Gauge;
  readonly #behind: Gauge;
  readonly #proofAge: Gauge;
  readonly #attached: Gauge;
  readonly #unsentSales: Gauge;
  readonly #items: Gauge;
  readonly #notices: Gauge;
  readonly #clockOffset: Gauge;

  constructor(counters: Counters) {
    this.#counters = counters;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, prefix: 'tillcast_till_' });
    this.#delivered = new Histogram({
      name: 'tillcast_till_delivery_seconds',
      help: 'From the commit of a change to its apply here, by the server’s clock, of changes that came as messages',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
      registers,
    });
    this.#synced = new Histogram({
      name: 'tillcast_till_sync_duration_seconds',
      help: 'From a question for changes to their commit here, by what was asked for',
      labelNames: ['kind'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600],
      registers,
    });
    this.#events = new Counter({
      name: 'tillcast_till_events_total',
      help: 'What happened since the start: messages, gaps, repairs, refusals, failures and the like',
      labelNames: ['event'],
      registers,
    });
    this.#status = new Gauge({
      name: 'tillcast_till_status',
      help: '1 for the word that the till shows, 0 for the others',
      labelNames: ['status'],
      registers,
    });
    const gauge = (name: string, help: string): Gauge =>
      new Gauge({ name: `tillcast_till_${name}`, help, registers });
    this.#version = gauge('version', 'The catalog’s version; missing before the first catalog');
    this.#behind = gauge(
      'behind_changes',
      'Changes it knows itself to be behind; missing where it cannot know',
    );
    this.#proofAge = gauge(
      'proof_age_seconds',
      'Age of the server’s last proof of currency; missing without one',
    );
    this.#attached = gauge('broker_attached', '1 when messages are consumed, else 0');
    this.#unsentSales = gauge('unsent_sales', 'Sales that wait to be sent');
    this.#notices = gauge('notices', 'Notices that have not expired');
    this.#clockOffset = gauge(
      'clock_offset_seconds',
      'How far this clock is ahead of the server’s; missing where not known',
    );
    this.#items = new Gauge({
      name: 'tillcast_till_items',
      help: 'Items in the catalog',
      labelNames: ['kind'],
      registers,
    });
  }

  delivered(latencyMs: number): void {
    this.#delivered.observe(latencyMs / 1_000);
  }

  synced(kind: SyncKind, durationMs: number): void {
    this.#synced.observe({ kind }, durationMs / 1_000);
  }

  /** Everything, in Prometheus' text format. */
  async text(now: TillFigures): Promise<{ readonly body: string; readonly mediaType: string }> {
    const { state, clockOffsetMs, nowMs } = now;
    this.#events.reset();
    for (const [event, count] of Object.entries(this.#counters.toJSON())) this.#events.inc({ event }, count);
    for (const status of TERMINAL_STATUS_WORDS) this.#status.set({ status }, status === state.status ? 1 : 0);
    for (const [kind, count] of Object.entries(state.items)) this.#items.set({ kind }, count);
    setOrRemove(this.#version, state.version);
    setOrRemove(this.#behind, state.behind);
    const provenMs = state.last_proof_at === null ? null : nowMs - Date.parse(state.last_proof_at);
    setOrRemove(this.#proofAge, provenMs === null ? null : provenMs / 1_000);
    this.#attached.set(state.broker_attached ? 1 : 0);
    this.#unsentSales.set(state.unsent_sales);
    this.#notices.set(state.notices.length);
    setOrRemove(this.#clockOffset, clockOffsetMs === null ? null : clockOffsetMs / 1_000);
    return { body: await this.#registry.metrics(), mediaType: this.#registry.contentType };
  }
}

/** What is not known is missing rather than 0. */
function setOrRemove(gauge: Gauge, value: number | null): void {
  if (value === null) gauge.remove();
  else gauge.set(value);
}
