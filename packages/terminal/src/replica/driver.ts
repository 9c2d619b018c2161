import type { Delivery } from '@tillcast/broker';
import type { Cursor } from '@tillcast/protocol/cursor';
import type { ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import type { NumberedRow } from '@tillcast/protocol/http/repair-api';
import type { SyncKind } from '@tillcast/protocol/http/status-api';
import type { ReplicaEffect } from '@tillcast/protocol/replica/effect';
import type { ReplicaEvent } from '@tillcast/protocol/replica/event';
import { PULL_LADDER, retryDelayMs } from '@tillcast/protocol/replica/ladder';
import { step } from '@tillcast/protocol/replica/machine';
import { ASKING_PACE } from '@tillcast/protocol/replica/pace';
import { initialReplica, type Pull, type ReplicaState } from '@tillcast/protocol/replica/state';
import { scanContent } from '../store/scan-content.ts';
import type { ApplyOutcome } from '../store/till-store.ts';
import type { Exchanged } from '../sync-client/exchange.ts';
import type { Repaired } from '../sync-client/find-repair.ts';
import type { Pulled } from '../sync-client/sync-client.ts';
import { linesOfDelta, linesOfMessage, linesOfRepair, linesOfSnapshot } from './activity-lines.ts';
import { ChangeNote } from './change-note.ts';
import type { Counters } from './counters.ts';
import type { ReplicaDriverOptions } from './driver-options.ts';
import { HistoryNote } from './history-note.ts';
import { Inbox } from './inbox.ts';
import { LineWatch } from './line-watch.ts';
import { Paced } from './paced.ts';
import { Reports } from './reports.ts';
import { RetryTimer } from './retry-timer.ts';
import { Scrubber } from './scrubber.ts';
import { ServerClock } from './server-clock.ts';
import type { Reported } from './status-reporter.ts';
import { TillLog } from './till-log.ts';

/** One for all: made at each abort, it would cost more than the abort. */
const GIVEN_UP = new DOMException('The question was given up.', 'AbortError');
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
  readonly #reporter: Reports;
  readonly #asking: Paced;
  readonly #reporting: Paced;
  readonly #line: LineWatch;
  readonly #inbox: Inbox;
  readonly #scrubber: Scrubber;
  readonly #history: HistoryNote;
  readonly #retry: RetryTimer;
  readonly #queue: ReplicaEvent[] = [];
  readonly #listeners = new Set<() => void>();
  #state: ReplicaState;
  #taking = false;
  #stopped = false;
  #pull: AbortController | null = null;
  readonly #pulls = new Set<Promise<void>>();
  #callOffSettling: () => void = () => undefined;
  #pulledAtMs = 0;

  constructor(options: ReplicaDriverOptions) {
    this.#options = options;
    this.counters = options.counters;
    this.serverClock = new ServerClock(options.clock, options.logger);
    this.#state = initialReplica(options.store.cursor, options.store.isSuspect);
    options.store.whenLost(() => this.#beginAnew());
    this.#history = new HistoryNote(options);
    const { clock } = options;
    const log = new TillLog(options, this.serverClock);
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
    this.#retry = new RetryTimer(clock, () => this.#dispatch({ type: 'retryDue' }));
    this.#line = new LineWatch(clock, () => this.#onDeaf());
    const heldBack = (): void => this.counters.add('held_back');
    this.#asking = new Paced(clock, ASKING_PACE, heldBack);
    this.#reporting = new Paced(clock, ASKING_PACE, heldBack);
    this.#reporter = new Reports({
      ...options,
      serverClock: this.serverClock,
      inbox: this.#inbox,
      log,
      state: () => this.#state,
      onReported: (reported) => {
        this.#onReported(reported);
        this.#tell();
      },
    });
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** The server has lately heard another copy of this till's data under its identity. */
  get cloned(): boolean {
    return this.#reporter.cloned;
  }

  /** When the next try of what failed is due; null when none waits. */
  get nextRetryAtMs(): number | null {
    return this.#retry.dueAtMs;
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
    this.#giveUpPull();
    this.#reporting.callOff();
    this.#callOffSettling();
    this.#retry.stop();
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
    this.#reportSoon();
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
    this.#reportSoon();
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
    this.#giveUpPull();
    this.#callOffSettling();
    this.#retry.stop();
    this.#queue.length = 0;
    this.#state = { ...initialReplica(null), attached: this.#state.attached };
    this.#dispatch({ type: 'started' });
  }

  #take(event: ReplicaEvent): void {
    const { state, effects } = step(this.#state, event);
    this.#state = state;
    // Whatever ended the question, its answer would now be one to a question that was not asked.
    if (state.name !== 'pulling') this.#giveUpPull();
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
        return this.#retry.start(retryDelayMs(PULL_LADDER, effect.attempt, random()));
      case 'stopRetry':
        return this.#retry.stop();
      case 'report':
        return this.#reportSoon();
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
        this.#reporter.applied(by, change.from, target, this.#pulledAtMs);
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

  #giveUpPull(): void {
    this.#asking.callOff();
    this.#abortPull();
  }

  #abortPull(): void {
    this.#pull?.abort(GIVEN_UP);
    this.#pull = null;
  }

  #reportSoon(): void {
    this.#reporting.soon(() => this.#reporter.reportNow());
  }

  #startPull(what: Pull, ask: (signal: AbortSignal) => Promise<Exchanged<Pulled> | Repaired>): void {
    this.#abortPull();
    const controller = new AbortController();
    this.#pull = controller;
    this.#asking.soon(() => {
      this.#pulledAtMs = this.#options.clock.steadyMs();
      const pull = ask(controller.signal).then((exchanged) => {
        this.#pulls.delete(pull);
        if (this.#pull === controller) this.#pull = null;
        if (!controller.signal.aborted) this.#onPulled(what, exchanged);
      });
      this.#pulls.add(pull);
    });
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
        if (!this.#history.isMade(exchanged.answer.to.epoch)) return this.#dispatch({ type: 'pullFailed' });
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

  #onReported({ exchanged, asked, askedAtSteadyMs }: Reported): void {
    if (exchanged.outcome === 'answered') {
      const { epoch, version, digest, valid, code } = exchanged.answer;
      if (!valid && code !== 'license_active') return this.refused(code);
      if (!this.#history.isMade(epoch)) return;
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
}
