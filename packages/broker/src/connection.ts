import { TillcastError } from '@tillcast/protocol/errors';
import { connectError } from './amqp-error.ts';
import {
  type BackoffBounds,
  backoffDelayMs,
  DEFAULT_BACKOFF,
  REFUSED_BACKOFF,
  refusedDelayMs,
} from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';
import type { BrokerCredentials, Connected, TlsOptions } from './connect-once.ts';
import type { ConnectionState } from './connection-state.ts';
import { HostRotation } from './host-rotation.ts';
import { followConnection, type LiveConnection } from './live-connection.ts';
import type { Logger } from './logger.ts';
import type { Session } from './session.ts';
import { pause, runSession } from './session-runner.ts';

/** How a connection is made and kept. */
export interface BrokerConnectionOptions {
  /** The broker's hosts, tried in turn: `amqp(s)://[user:password@]host[:port]/[vhost]`. */
  readonly urls: readonly string[];
  /** The name that the broker shows for this connection. */
  readonly connectionName: string;
  /** Asked at every attempt, so that a token is fresh; goes before the URL's user and password. */
  readonly credentials?: () => Promise<BrokerCredentials>;
  readonly tls?: TlsOptions;
  /**
   * The network, where somebody decides about it: asked at every attempt. While its signal is aborted nothing connects, and
   * what is connected is torn off when it aborts, without AMQP's goodbye.
   */
  readonly link?: () => AbortSignal;
  /** A silent peer is noticed after two to three of these. Default 10. */
  readonly heartbeatSeconds?: number;
  /** Bounds one attempt at one host. Default 10,000. */
  readonly connectTimeoutMs?: number;
  readonly backoff?: BackoffBounds;
  readonly refusedBackoff?: BackoffBounds;
  /** A connection that lived this long starts counting attempts anew; a shorter life does not, lest a broker that hangs up at once be hammered. Default 5,000. */
  readonly stableAfterMs?: number;
  readonly logger: Logger;
  /** A number in [0, 1). */
  readonly random?: () => number;
  readonly clock?: Clock;
}

/** A session's place on a connection. */
export interface SessionHandle {
  /** Closes the session in an orderly way and forgets it. */
  remove(): Promise<void>;
}

interface SessionEntry {
  readonly session: Session;
  readonly removed: AbortController;
  running: Promise<void>;
}

/**
 * A connection to the broker that is kept: it connects, sets up its sessions, and does both again after
 * every loss, with exponential back-off and full jitter, until it is stopped. An outage is reported once,
 * and once more when its cause changes; not at each attempt.
 */
export class BrokerConnection implements AsyncDisposable {
  readonly #options: Required<Omit<BrokerConnectionOptions, 'credentials' | 'link'>> & {
    readonly credentials: (() => Promise<BrokerCredentials>) | null;
    readonly link: () => AbortSignal | null;
  };
  readonly #hosts: HostRotation;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #sessions = new Set<SessionEntry>();
  #state: ConnectionState = { status: 'stopped' };
  #run: { readonly stopping: AbortController; readonly done: Promise<void> } | null = null;
  #live: LiveConnection | null = null;

  /** @throws `configuration_invalid` when there is no URL or one of them is malformed */
  constructor(options: BrokerConnectionOptions) {
    if (options.urls.length === 0)
      throw new TillcastError('configuration_invalid', 'No broker URL is given; give at least one.');
    this.#options = {
      urls: options.urls,
      connectionName: options.connectionName,
      credentials: options.credentials ?? null,
      link: options.link ?? ((): null => null),
      tls: options.tls ?? {},
      heartbeatSeconds: options.heartbeatSeconds ?? 10,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      backoff: options.backoff ?? DEFAULT_BACKOFF,
      refusedBackoff: options.refusedBackoff ?? REFUSED_BACKOFF,
      stableAfterMs: options.stableAfterMs ?? 5_000,
      logger: options.logger,
      random: options.random ?? Math.random,
      clock: options.clock ?? systemClock,
    };
    this.#hosts = new HostRotation(this.#options);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Starts connecting and returns at once; a second call changes nothing. */
  start(): void {
    if (this.#run !== null) return;
    const stopping = new AbortController();
    this.#run = { stopping, done: this.#keepConnected(stopping.signal) };
  }

  /** Closes the sessions, waiting for what they have in flight, then the connection. Cancels every wait. */
  async stop(): Promise<void> {
    const run = this.#run;
    if (run === null) return;
    run.stopping.abort();
    await run.done;
    if (this.#run === run) this.#run = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Calls `listener` at each change of state, until the function that is returned is called. */
  onStateChange(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Resolves once the connection is up.
   *
   * @throws `broker_unavailable`, or the last attempt's own code, when it is not up in time or is stopped
   */
  whenUp(timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let reason: TillcastError | null = null;
    const done = (settle: () => void): void => {
      unsubscribe();
      clearTimeout(timer);
      settle();
    };
    const fail = (what: string): void =>
      done(() => {
        const because = reason === null ? '' : `: ${reason.message}`;
        reject(
          new TillcastError(reason?.code ?? 'broker_unavailable', `${what}${because}`, {
            cause: reason ?? undefined,
          }),
        );
      });
    const look = (state: ConnectionState): void => {
      if (state.status === 'up') done(resolve);
      else if (state.status === 'stopped') fail('The connection to the broker is stopped');
      else if (state.reason !== null) reason = state.reason;
    };
    const timer = setTimeout(() => fail(`The broker was not reached within ${timeoutMs} ms`), timeoutMs);
    const unsubscribe = this.onStateChange(look);
    look(this.#state);
    return promise;
  }

  /**
   * Replaces the token of the living connection (`connection.update-secret`).
   *
   * @throws `broker_unavailable` when there is no living connection, or it ends before the broker answered
   */
  async updateSecret(secret: string, reason: string): Promise<void> {
    const live = this.#live;
    if (live === null) {
      throw new TillcastError(
        'broker_unavailable',
        'The secret was not updated: there is no connection now. The next one takes the new secret from the credentials.',
      );
    }
    const ended = live.closed.then((cause) => {
      throw new TillcastError(
        'broker_unavailable',
        `The connection ended before the broker took the new secret: ${cause.message}`,
        { cause },
      );
    });
    await Promise.race([live.updateSecret(secret, reason), ended]);
  }

  /** Adds a session: it is set up now if the connection is up, and at every connect from now on. */
  addSession(session: Session): SessionHandle {
    const entry: SessionEntry = { session, removed: new AbortController(), running: Promise.resolve() };
    this.#sessions.add(entry);
    if (this.#live !== null) this.#runEntry(entry, this.#live);
    return {
      remove: async () => {
        entry.removed.abort();
        await entry.running;
        this.#sessions.delete(entry);
      },
    };
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) {
      try {
        listener(state);
      } catch (error) {
        this.#options.logger.error(
          { err: error, status: state.status },
          'a listener to the connection failed',
        );
      }
    }
  }

  async #keepConnected(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    let attempt = 0;
    let reason: TillcastError | null = null;
    let downSince: number | null = null;
    while (!signal.aborted) {
      this.#setState({ status: 'connecting', attempt: attempt + 1, reason });
      const upAt = clock.now();
      let failure: TillcastError;
      const round = await this.#hosts.tryEach(signal);
      if (round.ok) {
        if (downSince !== null)
          logger.info(
            { address: round.address, downMs: Math.round(clock.now() - downSince), attempts: attempt + 1 },
            'connected to the broker again',
          );
        else logger.debug({ address: round.address }, 'connected to the broker');
        reason = null;
        downSince = null;
        failure = await this.#serve(round.connected, round.address, signal);
        if (clock.now() - upAt >= this.#options.stableAfterMs) attempt = 0;
      } else {
        failure = round.failure;
      }
      if (signal.aborted) break;
      attempt += 1;
      const delayMs =
        failure.code === 'broker_access_refused'
          ? refusedDelayMs(attempt, this.#options.random(), this.#options.refusedBackoff)
          : backoffDelayMs(attempt, this.#options.random(), this.#options.backoff);
      const fields = { code: failure.code, attempt, delayMs: Math.round(delayMs), err: failure };
      if (reason?.code === failure.code) logger.debug(fields, 'the broker is still not connected');
      else logger.warn(fields, 'the broker is not connected; trying again');
      downSince ??= clock.now();
      reason = failure;
      this.#setState({ status: 'down', reason: failure, attempt, nextAttemptMs: delayMs });
      await pause(clock, delayMs, signal);
    }
    this.#setState({ status: 'stopped' });
  }

  /** Runs the sessions on a fresh connection until it is lost or to be stopped; returns why. */
  async #serve(connected: Connected, address: string, signal: AbortSignal): Promise<TillcastError> {
    const { model } = connected;
    const live = followConnection(connected);
    const up = { status: 'up', address, serverVersion: model.connection.serverProperties.version } as const;
    model.on('blocked', (blocked: string) => {
      this.#options.logger.warn({ address, blocked }, 'the broker takes no messages for now');
      this.#setState({ ...up, blocked });
    });
    model.on('unblocked', () => {
      this.#options.logger.info({ address }, 'the broker takes messages again');
      this.#setState({ ...up, blocked: null });
    });
    this.#live = live;
    for (const entry of this.#sessions) this.#runEntry(entry, live);
    this.#setState({ ...up, blocked: null });

    await untilAborted(AbortSignal.any([live.ending.signal, signal]));
    this.#live = null;
    live.ending.abort();
    await Promise.all([...this.#sessions].map((entry) => entry.running));
    await live.close(this.#options.clock);
    return connectError(await live.closed, address);
  }

  #runEntry(entry: SessionEntry, live: LiveConnection): void {
    const signal = AbortSignal.any([live.ending.signal, entry.removed.signal]);
    const before = entry.running;
    entry.running = before.then(() => runSession(entry.session, live, signal, this.#options));
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
