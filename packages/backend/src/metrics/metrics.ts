import type { ErrorCode } from '@tillcast/protocol/errors';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RelayObserver } from '../relay/relay-options.ts';
import type { RevocationObserver } from '../revocation/revoker.ts';
import { FleetMetrics } from './fleet-metrics.ts';

/** What a till's report said of its catalog, compared with the server's. */
export type ReportOutcome = 'current' | 'behind' | 'digest_differs' | 'other_history' | 'no_catalog';

/**
 * The backend's measurements: base units, prefix `tillcast_`, and neither license nor terminal as a label
 * (each new value of a label is a new series for ever). Besides these, Node's own, among them
 * `tillcast_nodejs_eventloop_lag_seconds`.
 */
export class BackendMetrics implements RelayObserver, RevocationObserver {
  readonly #registry = new Registry();
  /** What tills report. */
  readonly fleet: FleetMetrics = new FleetMetrics(this.#registry);
  #readFleet: () => Promise<void> = () => Promise.resolve();
  readonly #requests: Histogram;
  readonly #commits: Counter;
  readonly #rows: Counter;
  readonly #published: Counter;
  readonly #waited: Histogram;
  readonly #publishFailures: Counter;
  readonly #passedOver: Counter;
  readonly #backlog: Gauge;
  readonly #shards: Gauge;
  #shardsHeld: () => number = () => 0;
  readonly #reports: Counter;
  readonly #answers: Counter;
  readonly #sales: Counter;
  readonly #brokerUp: Gauge;
  readonly #limited: Counter;
  readonly #revoked: Histogram;
  readonly #revocationFailures: Counter;
  readonly #reaped: Counter;
  readonly #cutOff: Counter;
  readonly #shed: Counter;
  readonly #unsent: Gauge;

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, prefix: 'tillcast_' });
    this.#requests = new Histogram({
      name: 'tillcast_http_request_duration_seconds',
      help: 'From the arrival of a request to the end of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#commits = new Counter({
      name: 'tillcast_commits_total',
      help: 'Changes committed to a catalog through this process, by message type',
      labelNames: ['type'],
      registers,
    });
    this.#rows = new Counter({
      name: 'tillcast_committed_rows_total',
      help: 'Rows that those changes wrote or deleted',
      registers,
    });
    this.#published = new Counter({
      name: 'tillcast_published_messages_total',
      help: 'Messages that the broker confirmed, by message type',
      labelNames: ['type'],
      registers,
    });
    this.#waited = new Histogram({
      name: 'tillcast_relay_wait_seconds',
      help: 'From the commit of a change to the confirm of its message, by the clock of this machine',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 300],
      registers,
    });
    this.#passedOver = new Counter({
      name: 'tillcast_changes_passed_over_total',
      help: 'Changes of long backlogs that were left to the delta',
      registers,
    });
    this.#publishFailures = new Counter({
      name: 'tillcast_publish_failures_total',
      help: 'Attempts to publish that failed and are tried again, by error code',
      labelNames: ['code'],
      registers,
    });
    this.#backlog = new Gauge({
      name: 'tillcast_relay_backlog_changes',
      help: 'Committed changes that wait to be published, in the shards of this process',
      registers,
    });
    this.#shards = new Gauge({
      name: 'tillcast_relay_shards_owned',
      help: 'Shards of licenses whose changes this process publishes',
      registers,
    });
    this.#reports = new Counter({
      name: 'tillcast_terminal_reports_total',
      help: 'Status reports of terminals, by what they hold',
      labelNames: ['outcome'],
      registers,
    });
    this.#sales = new Counter({
      name: 'tillcast_sales_total',
      help: 'Sales that terminals handed in, by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.#answers = new Counter({
      name: 'tillcast_sync_answers_total',
      help: 'Sync answers with a catalog, by where they came from',
      labelNames: ['from'],
      registers,
    });
    this.#brokerUp = new Gauge({
      name: 'tillcast_broker_ready',
      help: '1 when messages can be published, else 0',
      registers,
    });
    this.#brokerUp.set(0);
    this.#revoked = new Histogram({
      name: 'tillcast_revocation_seconds',
      help: 'From the commit of an act to the broker being in line with it, by the clock of this machine',
      buckets: [0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 30, 300],
      registers,
    });
    this.#revocationFailures = new Counter({
      name: 'tillcast_revocation_failures_total',
      help: 'Attempts to bring the broker into line that failed and are tried again, by error code',
      labelNames: ['code'],
      registers,
    });
    this.#reaped = new Counter({
      name: 'tillcast_reaped_terminals_total',
      help: 'Terminals whose connections were closed because their token had ended',
      registers,
    });
    this.#cutOff = new Counter({
      name: 'tillcast_cut_off_terminals_total',
      help: 'Times that a terminal was cut off since it had more at the broker than a terminal has',
      registers,
    });
    this.#limited = new Counter({
      name: 'tillcast_limited_requests_total',
      help: 'Requests refused because a limit was used up, by its policy',
      labelNames: ['policy'],
      registers,
    });
    this.#shed = new Counter({
      name: 'tillcast_shed_requests_total',
      help: 'Requests turned away because the process had too much to do, by what showed it',
      labelNames: ['reason'],
      registers,
    });
    this.#unsent = new Gauge({
      name: 'tillcast_unsent_answer_bytes',
      help: 'What answers take that were asked for and are not taken yet; a body that many are sent counts once',
      registers,
    });
  }

  revoked(waitedMs: number): void {
    // Another machine's clock may be behind the one that committed.
    this.#revoked.observe(Math.max(waitedMs, 0) / 1000);
  }

  revocationFailed(code: ErrorCode): void {
    this.#revocationFailures.inc({ code });
  }

  cutOff(): void {
    this.#cutOff.inc();
  }

  reaped(terminals: number): void {
    this.#reaped.inc(terminals);
  }

  limited(policy: string): void {
    this.#limited.inc({ policy });
  }

  shed(reason: string): void {
    this.#shed.inc({ reason });
  }

  unsent(bytes: number): void {
    this.#unsent.set(bytes);
  }

  httpAnswered(method: string, route: string, status: number, durationS: number): void {
    this.#requests.observe({ method, route, status: String(status) }, durationS);
  }

  committed(type: string, rows: number): void {
    this.#commits.inc({ type });
    this.#rows.inc(rows);
  }

  published(type: string, waitedMs: number): void {
    this.#published.inc({ type });
    // Another machine's clock may be behind the one that committed.
    this.#waited.observe(Math.max(waitedMs, 0) / 1000);
  }

  passedOver(changes: number): void {
    this.#passedOver.inc(changes);
  }

  failed(code: ErrorCode): void {
    this.#publishFailures.inc({ code });
  }

  backlog(changes: number): void {
    this.#backlog.set(changes);
  }

  /** Says where to read how many shards the relay holds: asked at each look at the metrics. */
  watchShards(shardsHeld: () => number): void {
    this.#shardsHeld = shardsHeld;
  }

  /** Says how to bring the figures of the fleet up to date: asked at each look at the metrics. */
  watchFleet(read: () => Promise<void>): void {
    this.#readFleet = read;
  }

  reported(outcome: ReportOutcome): void {
    this.#reports.inc({ outcome });
  }

  /** Sales that tills handed in: new ones, those that were there already, and what was none. */
  salesTaken(counts: Readonly<Record<'accepted' | 'doubled' | 'rejected', number>>): void {
    for (const [outcome, count] of Object.entries(counts)) this.#sales.inc({ outcome }, count);
  }

  syncAnswered(from: 'cache' | 'database' | 'not_modified'): void {
    this.#answers.inc({ from });
  }

  brokerReady(ready: boolean): void {
    this.#brokerUp.set(ready ? 1 : 0);
  }

  /** Everything, in Prometheus' text format. */
  async text(): Promise<{ readonly body: string; readonly mediaType: string }> {
    this.#shards.set(this.#shardsHeld());
    await this.#readFleet();
    return { body: await this.#registry.metrics(), mediaType: this.#registry.contentType };
  }
}
