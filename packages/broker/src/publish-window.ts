import { TillcastError } from '@tillcast/protocol/errors';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import type { ConfirmChannel } from 'amqplib';
import { textOf } from './amqp-error.ts';
import type { Clock } from './clock.ts';
import { type OutgoingMessage, publishOptionsOf } from './outgoing-message.ts';
import { pause } from './session-runner.ts';

/** The part of a confirm channel that a window uses. */
export type WindowChannel = Pick<ConfirmChannel, 'publish' | 'on'>;

export interface PublishWindowOptions {
  readonly channel: WindowChannel;
  readonly maxUnconfirmed: number;
  readonly confirmTimeoutMs: number;
  readonly clock: Clock;
  /** A confirm did not come in time: the channel is of no more use. */
  readonly onTimeout: (cause: TillcastError) => void;
}

/** Told once what became of a message: null when the broker has confirmed it. */
export type OnSettled = (error: TillcastError | null) => void;

interface Entry {
  readonly message: OutgoingMessage;
  readonly onSettled: OnSettled;
  sentAtMs: number;
}

/**
 * The messages of one confirm channel that have no confirm yet: a bounded number on the wire, the others
 * waiting behind it in order.
 */
export class PublishWindow {
  readonly #options: PublishWindowOptions;
  /** On the wire; a Set keeps the order of sending, so its first is the oldest. */
  readonly #unconfirmed = new Set<Entry>();
  #waiting: Entry[] = [];
  /** Where `#waiting` starts: taking from its front by `shift` would move the whole array at each message. */
  #waitingFrom = 0;
  #writable = true;
  #failed: TillcastError | null = null;
  readonly #ended = new AbortController();
  #onEmpty: (() => void)[] = [];
  #watching = false;

  constructor(options: PublishWindowOptions) {
    this.#options = options;
    options.channel.on('drain', () => {
      this.#writable = true;
      this.#sendWaiting();
    });
  }

  send(message: OutgoingMessage, onSettled: OnSettled): void {
    if (this.#failed !== null) return onSettled(this.#failed);
    const entry: Entry = { message, onSettled, sentAtMs: 0 };
    if (this.#mayWrite() && this.#waitingFrom === this.#waiting.length) this.#send(entry);
    else this.#waiting.push(entry);
  }

  /** Resolves once nothing is unconfirmed or waiting, or the window has failed. */
  drained(): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve);
    });
  }

  /** The channel is lost: everything without a confirm is rejected, and all that is published later. */
  fail(cause: Error): void {
    if (this.#failed !== null) return;
    this.#failed =
      cause instanceof TillcastError
        ? cause
        : new TillcastError(
            'broker_unavailable',
            `The channel was lost before the broker confirmed: ${cause.message}`,
            { cause },
          );
    const failed = [...this.#unconfirmed, ...this.#waiting.slice(this.#waitingFrom)];
    this.#unconfirmed.clear();
    this.#waiting = [];
    this.#waitingFrom = 0;
    this.#ended.abort();
    for (const entry of failed) entry.onSettled(this.#failed);
    this.#reportEmpty();
  }

  #mayWrite(): boolean {
    return this.#writable && this.#unconfirmed.size < this.#options.maxUnconfirmed;
  }

  #isEmpty(): boolean {
    return this.#unconfirmed.size === 0 && this.#waitingFrom === this.#waiting.length;
  }

  #send(entry: Entry): void {
    const { channel, clock } = this.#options;
    const { body, routingKey } = entry.message;
    try {
      const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      const options = publishOptionsOf(entry.message);
      entry.sentAtMs = clock.now();
      this.#writable = channel.publish(EVENTS_EXCHANGE.name, routingKey, content, options, (error: unknown) =>
        this.#confirmed(entry, error),
      );
      this.#unconfirmed.add(entry);
      if (!this.#watching) void this.#watch();
    } catch (error) {
      // amqplib throws on what it cannot encode, and when the channel is closed and has not yet said so.
      entry.onSettled(
        error instanceof TillcastError
          ? error
          : new TillcastError(
              'broker_unavailable',
              `Message ${entry.message.messageId} was not published: ${textOf(error)}`,
              { cause: error },
            ),
      );
      this.#reportEmpty();
    }
  }

  #confirmed(entry: Entry, error: unknown): void {
    if (!this.#unconfirmed.delete(entry)) return;
    if (error === null || error === undefined) {
      entry.onSettled(null);
    } else if (textOf(error) === 'message nacked') {
      entry.onSettled(
        new TillcastError(
          'publish_refused',
          `The broker refused message ${entry.message.messageId} (nack).`,
          { cause: error },
        ),
      );
    } else {
      entry.onSettled(
        new TillcastError(
          'broker_unavailable',
          `The channel was lost before the broker confirmed message ${entry.message.messageId}: ${textOf(error)}`,
          { cause: error },
        ),
      );
    }
    this.#sendWaiting();
    this.#reportEmpty();
  }

  #sendWaiting(): void {
    while (this.#failed === null && this.#mayWrite()) {
      const entry = this.#waiting[this.#waitingFrom];
      if (entry === undefined) break;
      this.#waitingFrom += 1;
      this.#send(entry);
    }
    if (this.#waitingFrom > 1_024 && this.#waitingFrom * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#waitingFrom);
      this.#waitingFrom = 0;
    }
  }

  #reportEmpty(): void {
    if (!this.#isEmpty()) return;
    const listeners = this.#onEmpty;
    this.#onEmpty = [];
    for (const listener of listeners) listener();
  }

  /** One look at the oldest message now and then, instead of a timer for each: a timer costs as much as the message. */
  async #watch(): Promise<void> {
    const { clock, confirmTimeoutMs, onTimeout } = this.#options;
    this.#watching = true;
    while (this.#unconfirmed.size > 0) {
      await pause(clock, confirmTimeoutMs / 4, this.#ended.signal);
      if (this.#ended.signal.aborted) break;
      const [oldest] = this.#unconfirmed;
      if (oldest !== undefined && clock.now() - oldest.sentAtMs >= confirmTimeoutMs) {
        const cause = new TillcastError(
          'publish_refused',
          `The broker did not confirm message ${oldest.message.messageId} within ${confirmTimeoutMs} ms; it may have taken it or not.`,
        );
        this.fail(cause);
        onTimeout(cause);
      }
    }
    this.#watching = false;
  }
}
