import { TillcastError } from '@tillcast/protocol/errors';
import type { ConfirmChannel } from 'amqplib';
import { type ChannelLife, watchChannel } from './channel-life.ts';
import { type Clock, systemClock } from './clock.ts';
import type { BrokerConnection, SessionHandle } from './connection.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { type OnSettled, PublishWindow } from './publish-window.ts';
import type { ChannelSource, OpenSession } from './session.ts';
import { ensureExchange } from './topology.ts';

/** How messages are published. */
export interface PublisherOptions {
  readonly connection: BrokerConnection;
  /** Messages on the wire without their confirm; further ones wait their turn. Default 1,024. */
  readonly maxUnconfirmed?: number;
  /** A message without a confirm for this long fails, and the channel with it. Default 15,000. */
  readonly confirmTimeoutMs?: number;
  /** Larger bodies are refused here; the broker would close the channel. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  readonly clock?: Clock;
}

/**
 * Publishes to the exchange with publisher confirms. The exchange is declared, or, by a user who may configure
 * nothing, must be there.
 *
 * A confirm says that the broker has taken the message, never that a terminal got it: an unroutable
 * message is confirmed as well.
 */
export class Publisher implements AsyncDisposable {
  readonly #connection: BrokerConnection;
  readonly #maxUnconfirmed: number;
  readonly #confirmTimeoutMs: number;
  readonly #maxBodyBytes: number;
  readonly #clock: Clock;
  readonly #listeners = new Set<(ready: boolean) => void>();
  /** Asked once: a broker logs each refusal as an error. */
  #mayDeclare = true;
  #handle: SessionHandle | null = null;
  #window: PublishWindow | null = null;

  constructor(options: PublisherOptions) {
    this.#connection = options.connection;
    this.#maxUnconfirmed = options.maxUnconfirmed ?? 1_024;
    this.#confirmTimeoutMs = options.confirmTimeoutMs ?? 15_000;
    this.#maxBodyBytes = options.maxBodyBytes ?? 1_048_576;
    this.#clock = options.clock ?? systemClock;
  }

  /** Whether a message can be published now. */
  get ready(): boolean {
    return this.#window !== null;
  }

  /** Takes its channel from the connection from now on; returns at once. */
  start(): void {
    this.#handle ??= this.#connection.addSession({
      name: 'publisher',
      open: (channels) => this.#open(channels),
    });
  }

  /** Waits for the confirms of what was published, at most for the confirm timeout, then closes the channel. */
  async stop(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Calls `listener` whenever the publisher becomes ready or stops being so, until the returned function is called. */
  onReadyChange(listener: (ready: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Resolves once a message can be published. @throws `broker_unavailable` after `timeoutMs` */
  whenReady(timeoutMs: number): Promise<void> {
    if (this.ready) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const unsubscribe = this.onReadyChange((ready) => {
      if (!ready) return;
      clearTimeout(timer);
      unsubscribe();
      resolve();
    });
    const timer = setTimeout(() => {
      unsubscribe();
      const { state } = this.#connection;
      const cause = state.status === 'down' || state.status === 'connecting' ? state.reason : null;
      reject(
        new TillcastError(
          cause?.code ?? 'broker_unavailable',
          `The publisher was not ready within ${timeoutMs} ms${cause === null ? '' : `: ${cause.message}`}`,
          { cause: cause ?? undefined },
        ),
      );
    }, timeoutMs);
    return promise;
  }

  /**
   * Publishes one message and resolves once the broker has confirmed it. Messages go out in the order of
   * the calls; when the window is full, or the socket does not keep up, they wait here.
   *
   * @throws `broker_unavailable` when there is no channel, or it was lost before the confirm: the broker may
   *   have taken the message or not; `publish_refused` on a nack or when no confirm came in time;
   *   `message_too_large`, `message_invalid` when it cannot be sent at all
   */
  publish(message: OutgoingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.send(message, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /** As `publish`, for many: a promise for each message of a batch costs as much as the message. */
  send(message: OutgoingMessage, onSettled: OnSettled): void {
    if (message.body.byteLength > this.#maxBodyBytes) {
      return onSettled(
        new TillcastError(
          'message_too_large',
          `Message ${message.messageId} has ${message.body.byteLength} bytes; at most ${this.#maxBodyBytes} are published. Send less, and let the terminals pull the rest.`,
        ),
      );
    }
    if (this.#window === null) {
      return onSettled(
        new TillcastError(
          'broker_unavailable',
          `Message ${message.messageId} was not published: there is no channel to the broker now.`,
        ),
      );
    }
    this.#window.send(message, onSettled);
  }

  async #open(channels: ChannelSource): Promise<OpenSession> {
    this.#mayDeclare = await ensureExchange(channels, this.#mayDeclare);
    const channel = await channels.createConfirmChannel();
    const life = watchChannel(channel);
    const window = this.#openWindow(channel, life);
    const lost = life.lost.then(async (cause) => {
      this.#setWindow(null);
      window.fail(cause);
      // A channel without confirms is still open.
      await life.close();
      return cause;
    });
    this.#setWindow(window);
    return {
      lost,
      close: async () => {
        this.#setWindow(null);
        await window.drained();
        await life.close();
      },
    };
  }

  #openWindow(channel: ConfirmChannel, life: ChannelLife): PublishWindow {
    return new PublishWindow({
      channel,
      maxUnconfirmed: this.#maxUnconfirmed,
      confirmTimeoutMs: this.#confirmTimeoutMs,
      clock: this.#clock,
      onTimeout: (cause) => {
        life.declareLost(cause);
      },
    });
  }

  #setWindow(window: PublishWindow | null): void {
    const was = this.ready;
    this.#window = window;
    if (was === this.ready) return;
    for (const listener of [...this.#listeners]) listener(this.ready);
  }
}
