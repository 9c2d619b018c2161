import type { Delivery, Logger } from '@tillcast/broker';
import type { Cursor } from '@tillcast/protocol/cursor';
import type { ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import type { NumberedRow } from '@tillcast/protocol/http/repair-api';
import type { StatusAnswer, SyncKind, TillInstance } from '@tillcast/protocol/http/status-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { ReplicaEffect } from '@tillcast/protocol/replica/effect';
import type { ReplicaEvent } from '@tillcast/protocol/replica/event';
import { PULL_LADDER, retryDelayMs } from '@tillcast/protocol/replica/ladder';
import { step } from '@tillcast/protocol/replica/machine';
import { initialReplica, type Pull, type ReplicaState } from '@tillcast/protocol/replica/state';
import type { MessageKeys } from '../identity/message-keys.ts';
import { scanContent } from '../store/scan-content.ts';
import type { ApplyOutcome, TillStore } from '../store/till-store.ts';
import type { Exchanged } from '../sync-client/exchange.ts';
import type { Repaired } from '../sync-client/find-repair.ts';
import type { Pulled, SyncClient } from '../sync-client/sync-client.ts';
import {
  lineOfCloned,
  linesOfDelta,
  linesOfMessage,
  linesOfRepair,
  linesOfSnapshot,
} from './activity-lines.ts';
import { ChangeNote } from './change-note.ts';
import type { Counters } from './counters.ts';
import { Inbox } from './inbox.ts';
import type { SignatureCheck } from './incoming.ts';
import { LineWatch } from './line-watch.ts';
import type { TillNews } from './news.ts';
import { ReportNews } from './report-news.ts';
import { Scrubber } from './scrubber.ts';
import { ServerClock } from './server-clock.ts';
import { shownStatus } from './shown-status.ts';
import { type MoreToReport, type Reported, StatusReporter } from './status-reporter.ts';
import type { TillClock } from './till-clock.ts';
import { TillLog } from './till-log.ts';

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
  /** Which copy of the till's data this is; left out or null: nothing is told of it. */
  readonly instance?: TillInstance | null;
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

/** A message that is missing is most often a moment away. */
const SETTLING_MS = 100;

/**
 * Drives the replica machine for real: puts what happens to it in a queue, one by one, and does what it wants
 * done in the store, at the sync API and with timers. It decides nothing that the machine decides.
 */
export class ReplicaDriver {
  readonly counters: Counters;
  readonly serverClock: ServerClock;
  readonly #options: ReplicaDriverOptions;
  readonly #reporter: StatusReporter;
  readonly #line: LineWatch;
  readonly #inbox: Inbox;
  readonly #scrubber: Scrubber;
  readonly #log: TillLog;
  readonly #news: ReportNews;
  readonly #queue: ReplicaEvent[] = [];
  readonly #listeners = new Set<() => void>();
  #state: ReplicaState;
  #taking = false;
  #stopped = false;
  #pull: AbortController | null = null;
  readonly #pulls = new Set<Promise<void>>();
  #callOffSettling: () => void = () => undefined;
  #callOffRetry: () => void = () => undefined;
  #nextRetryAtMs: number | null = null;
  #pulledAtMs = 0;
  #cloned = false;

  constructor(options: ReplicaDriverOptions) {
    this.#options = options;
    this.counters = options.counters;
    this.serverClock = new ServerClock(options.clock, options.logger);
    this.#state = initialReplica(options.store.cursor, options.store.isSuspect);
    options.store.whenLost(() => this.#beginAnew());
    const { client, clock, random, unsentSales } = options;
    const log = new TillLog(options, this.serverClock);
    this.#log = log;
    this.#news = new ReportNews({ clock, counters: this.counters, serverClock: this.serverClock });
    this.#inbox = new Inbox({
      ...options,
      onChange: (change) => {
        this.#line.heard(change.to);
        this.#dispatch({ type: 'message', change });
      },
      onBroadcast: (message, receivedAtMs) => {
        log.addBroadcast(message, receivedAtMs);
        this.#tell();
      },
      onRefused: (line) => log.addLine(line),
    });
    this.#scrubber = new Scrubber({
      ...options,
      isIdle: () => this.#state.name === 'following' && !this.#state.suspect,
      onDiffers: () => this.#dispatch({ type: 'contentDiffers' }),
    });
    this.#line = new LineWatch(clock, () => this.#onDeaf());
    this.#reporter = new StatusReporter({
      client,
      clock,
      random,
      unsentSales,
      cursor: () => this.#state.cursor,
      more: (asked) => this.#moreToReport(asked),
      onReported: (reported) => this.#onReported(reported),
    });
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** The server has lately heard another copy of this till's data under its identity. */
  get cloned(): boolean {
    return this.#cloned;
  }

  /** When the next try of what failed is due; null when none waits. */
  get nextRetryAtMs(): number | null {
    return this.#nextRetryAtMs;
  }

  start(): void {
    this.#reporter.start();
    this.#scrubber.start();
    this.#dispatch({ type: 'started' });
  }

  /** Gives up what is asked for, and waits until nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#line.detached();
    this.#pull?.abort();
    this.#callOffSettling();
    this.#callOffRetry();
    await Promise.all([this.#reporter.stop(), this.#scrubber.stop(), this.#inbox.stop(), ...this.#pulls]);
    this.#listeners.clear();
  }

  /** Calls back whenever something may have changed; the function that it returns ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Our queue is consumed. */
  attached(): void {
    this.counters.add('attached');
    this.#line.attached();
    this.#dispatch({ type: 'attached' });
    this.#reporter.reportNow();
  }

  /** Our queue is no longer consumed. */
  detached(): void {
    this.counters.add('detached');
    this.#line.detached();
    this.#dispatch({ type: 'detached' });
  }

  /** Asks the server now. */
  requestSync(): void {
    this.#dispatch({ type: 'syncRequested' });
    this.#reporter.reportNow();
  }

  /** Takes what came from the broker. When it returns, a change is committed, held, refused, or known to be stale. */
  deliver(delivery: Delivery): void {
    this.#inbox.take(delivery);
  }

  /** Run to completion: an event that comes of an effect waits until its cause is done. */
  #dispatch(event: ReplicaEvent): void {
    if (this.#stopped) return;
    this.#queue.push(event);
    if (this.#taking) return;
    this.#taking = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#take(next);
    } finally {
      this.#taking = false;
    }
    this.#tell();
  }

  /** The store has lost what it held: the replica is as at a first start, but for its queue. */
  #beginAnew(): void {
    if (this.#stopped) return;
    this.#pull?.abort();
    this.#callOffSettling();
    this.#stopRetry();
    this.#queue.length = 0;
    this.#state = { ...initialReplica(null), attached: this.#state.attached };
    this.#dispatch({ type: 'started' });
  }

  #take(event: ReplicaEvent): void {
    const { state, effects } = step(this.#state, event);
    this.#state = state;
    // Whatever ended the question, its answer would now be one to a question that was not asked.
    if (state.name !== 'pulling') this.#pull?.abort();
    for (const effect of effects) this.#perform(effect);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #perform(effect: ReplicaEffect): void {
    const { client, store, clock, random } = this.#options;
    const nowMs = clock.nowMs();
    switch (effect.effect) {
      case 'applyEdits': {
        const { edits, target, note } = effect;
        return this.#applied(
          store.applyEdits(edits, target, (change) =>
            note instanceof ChangeNote ? linesOfMessage(note, change, clock.nowMs()) : [],
          ),
          target,
          note instanceof ChangeNote ? note : null,
        );
      }
      case 'applyRows': {
        const { rows, target } = effect;
        const outcome = store.applyRows(rows, target, (change) => linesOfDelta(change, nowMs, clock.nowMs()));
        return this.#applied(outcome, target, 'delta');
      }
      case 'applyRepair': {
        const { rows, target } = effect;
        const outcome = store.applyRepair(rows, target, (change) =>
          linesOfRepair(change, nowMs, clock.nowMs()),
        );
        return this.#applied(outcome, target, 'repair');
      }
      case 'replaceAll': {
        const { rows, target } = effect;
        const outcome = store.replaceAll(rows, target, (change) =>
          linesOfSnapshot(change, nowMs, clock.nowMs()),
        );
        return this.#applied(outcome, target, 'snapshot');
      }
      case 'pullDelta':
        return this.#startPull('delta', (signal) => client.pullDelta(effect.since, signal));
      case 'pullSnapshot':
        return this.#startPull('snapshot', (signal) => client.pullSnapshot(signal));
      case 'pullRepair':
        return this.#startPull('repair', (signal) => client.pullRepair(() => this.#ourRows(signal), signal));
      case 'startSettling':
        this.#callOffSettling();
        this.#callOffSettling = clock.after(SETTLING_MS, () => this.#dispatch({ type: 'settled' }));
        return;
      case 'stopSettling':
        return this.#callOffSettling();
      case 'startRetry':
        return this.#startRetry(retryDelayMs(PULL_LADDER, effect.attempt, random()));
      case 'stopRetry':
        return this.#stopRetry();
      case 'report':
        return this.#reporter.reportNow();
      case 'count':
        return this.counters.add(effect.metric);
    }
  }

  /** @param by the message that brought it, or what was asked for */
  #applied(outcome: ApplyOutcome, target: Cursor, by: ChangeNote | SyncKind | null): void {
    const { logger, onNews } = this.#options;
    const { version } = target;
    switch (outcome.outcome) {
      case 'applied': {
        const { change, activity } = outcome;
        this.#queue.push({ type: 'applied' });
        this.#measure(by, change.from, target);
        if (change.count > 0) onNews({ news: 'catalog', change });
        for (const line of activity) onNews({ news: 'activity', line });
        logger.debug({ version, items: change.count }, 'Applied');
        return;
      }
      case 'digest': {
        this.#queue.push({ type: 'applyFailed', reason: 'digest' });
        const fields = { version, expected: target.digest, found: outcome.found };
        logger.warn(
          fields,
          'The content would not be that of the server at this version; nothing was changed',
        );
        return;
      }
      case 'store':
        this.counters.add('store_failed');
        this.#queue.push({ type: 'applyFailed', reason: 'store' });
        logger.error({ version, err: outcome.error }, outcome.error.message);
        return;
    }
  }

  #measure(by: ChangeNote | SyncKind | null, from: Cursor | null, to: Cursor): void {
    const { clock, observer } = this.#options;
    const latencyMs = this.#news.applied(by, from, to);
    if (latencyMs !== null) observer?.delivered(latencyMs);
    if (by === null || by instanceof ChangeNote) return;
    const durationMs = clock.steadyMs() - this.#pulledAtMs;
    this.#news.synced(by, durationMs);
    observer?.synced(by, durationMs);
  }

  #startPull(what: Pull, ask: (signal: AbortSignal) => Promise<Exchanged<Pulled> | Repaired>): void {
    this.#pull?.abort();
    const controller = new AbortController();
    this.#pull = controller;
    this.#pulledAtMs = this.#options.clock.steadyMs();
    const pull = ask(controller.signal).then((exchanged) => {
      this.#pulls.delete(pull);
      if (!controller.signal.aborted) this.#onPulled(what, exchanged);
    });
    this.#pulls.add(pull);
  }

  /** What the store holds, read in slices between which everything else has its turn. */
  async #ourRows(signal: AbortSignal): Promise<readonly NumberedRow[] | null> {
    const { store, clock } = this.#options;
    const pause = (): Promise<void> =>
      new Promise((resolve) => {
        clock.after(0, resolve);
      });
    const scan = await scanContent(store, pause, signal);
    return scan?.rows ?? null;
  }

  #onPulled(what: Pull, exchanged: Exchanged<Pulled> | Repaired): void {
    switch (exchanged.outcome) {
      case 'givenUp':
        this.#options.logger.warn(
          {},
          `The rows that differ cannot be told, so all are asked for: ${exchanged.why}`,
        );
        return this.#dispatch({ type: 'repairGivenUp' });
      case 'answered':
        return this.#dispatch({ type: what, ...exchanged.answer });
      case 'historyGone':
        return this.#dispatch({ type: what === 'delta' ? 'historyGone' : 'pullFailed' });
      case 'refused':
        return this.refused(exchanged.code);
      case 'failed':
        this.#logPullFailure(what, exchanged.error);
        return this.#dispatch({ type: 'pullFailed' });
    }
  }

  /** Said once when it begins; the tries after that are for whoever looks closely. */
  #logPullFailure(what: Pull, { code, message }: TillcastError): void {
    const again = this.#state.name === 'pulling' && this.#state.attempt > 0;
    this.#options.logger[again ? 'debug' : 'warn']({ code }, `No ${what}: ${message}`);
  }

  /** The server will not serve this till; told by its answers here, or to whoever asked for a token. */
  refused(code: ErrorCode): void {
    const known = this.#state.name === 'refused' && this.#state.code === code;
    if (!known) this.#options.logger.warn({ code }, 'The server refuses this till');
    this.#dispatch({ type: 'refused', code });
  }

  #moreToReport(asked: Cursor | null): MoreToReport {
    const { clock, unsentSales, instance = null } = this.#options;
    const gathered = this.#news.gather(asked);
    const { status } = shownStatus(this.#state, this.#cloned, clock.steadyMs(), unsentSales());
    const fields = {
      state: status,
      ...(instance === null ? {} : { instance }),
      notices: this.#log.noticeIds(),
      ...gathered.news,
    };
    return { fields, told: () => this.#news.told(gathered) };
  }

  #toldBesides({ notices = [], cloned = false }: StatusAnswer): void {
    for (const notice of notices) this.#inbox.takeNotice(notice);
    if (cloned === this.#cloned) return;
    this.#cloned = cloned;
    if (cloned) {
      this.counters.add('cloned');
      this.#options.logger.warn({}, 'The server has heard another copy of this till under its identity');
    }
    this.#log.addLine(lineOfCloned(cloned, this.#options.clock.nowMs()));
    this.#tell();
  }

  #onReported({ exchanged, asked, askedAtMs, answeredAtMs, askedAtSteadyMs }: Reported): void {
    if (exchanged.outcome === 'answered') {
      const { epoch, version, digest, synced_at, valid, code } = exchanged.answer;
      this.counters.add('status_answered');
      this.serverClock.told(synced_at, askedAtMs, answeredAtMs);
      this.#toldBesides(exchanged.answer);
      if (!valid && code !== 'license_active') return this.refused(code);
      const server = { epoch, version, digest };
      this.#line.told(server);
      return this.#dispatch({ type: 'answered', server, asked, askedAtMs: askedAtSteadyMs });
    }
    if (exchanged.outcome === 'refused') return this.refused(exchanged.code);
    this.counters.add('status_failed');
    const why = exchanged.outcome === 'failed' ? exchanged.error.message : exchanged.outcome;
    this.#options.logger.debug({ why }, 'The status report was not answered');
  }

  #onDeaf(): void {
    this.counters.add('line_deaf');
    this.#options.logger.warn(
      {},
      'Changes that the server told of did not come from the broker: attaching anew',
    );
    this.#options.onDeafLine();
  }

  #startRetry(delayMs: number): void {
    const { clock } = this.#options;
    this.#callOffRetry();
    this.#nextRetryAtMs = clock.nowMs() + delayMs;
    this.#callOffRetry = clock.after(delayMs, () => {
      this.#nextRetryAtMs = null;
      this.#dispatch({ type: 'retryDue' });
    });
  }

  #stopRetry(): void {
    this.#callOffRetry();
    this.#nextRetryAtMs = null;
  }
}
