import type { Channel, ConsumeMessage } from 'amqplib';
import { type Delivery, deliveryOf } from './delivery.ts';

export interface ConsumptionOptions {
  readonly channel: Pick<Channel, 'ack' | 'nack'>;
  readonly isOpen: () => boolean;
  readonly handler: (delivery: Delivery) => void | Promise<void>;
  readonly onError: (error: unknown, delivery: Delivery) => void;
}

/**
 * Hands the deliveries of one channel to a handler, one at a time and in order, and acks each after the
 * handler has returned. A delivery whose handler threw is nacked without requeue: it would only come
 * again, and fail again, before everything behind it.
 */
export class Consumption {
  readonly #options: ConsumptionOptions;
  #waiting: ConsumeMessage[] = [];
  #busy: Promise<void> | null = null;
  #ended = false;

  constructor(options: ConsumptionOptions) {
    this.#options = options;
  }

  /** Takes a delivery; prefetch bounds how many wait here. */
  take(message: ConsumeMessage): void {
    if (this.#ended) return;
    this.#waiting.push(message);
    this.#busy ??= this.#work();
  }

  /** Hands out no more: what waits is lost with the queue, and the version gap brings it back. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
  }

  /** Resolves once no handler is running. */
  async idle(): Promise<void> {
    await this.#busy;
  }

  async #work(): Promise<void> {
    const { channel, isOpen, onError } = this.#options;
    for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift()) {
      const delivery = deliveryOf(message);
      const outcome = await this.#handle(delivery);
      if (outcome.ok) {
        if (isOpen()) channel.ack(message);
      } else {
        if (isOpen()) channel.nack(message, false, false);
        onError(outcome.error, delivery);
      }
    }
    this.#busy = null;
  }

  async #handle(
    delivery: Delivery,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly error: unknown }> {
    try {
      await this.#options.handler(delivery);
      return { ok: true };
    } catch (error) {
      return { ok: false, error };
    }
  }
}
