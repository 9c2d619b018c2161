import { randomBytes } from 'node:crypto';
import { EVENTS_EXCHANGE, terminalQueue } from '@tillcast/protocol/topology';
import type { Channel } from 'amqplib';
import { channelError } from './amqp-error.ts';
import { watchChannel } from './channel-life.ts';
import type { BrokerConnection, SessionHandle } from './connection.ts';
import { Consumption } from './consumption.ts';
import type { Delivery } from './delivery.ts';
import type { ChannelSource, OpenSession } from './session.ts';

/** How a terminal receives. */
export interface SubscriberOptions {
  readonly connection: BrokerConnection;
  readonly terminalId: string;
  /** The patterns that the queue is bound with: `bindingsOf(licenseKey)`. */
  readonly bindings: readonly string[];
  /** Takes one delivery; the next one comes after it has returned, or its promise has resolved. */
  readonly handler: (delivery: Delivery) => void | Promise<void>;
  /** The handler threw: the delivery is dropped, and the next one comes. */
  readonly onError: (error: unknown, delivery: Delivery) => void;
  /** Consuming: whatever is published from now on arrives. */
  readonly onAttached?: (queue: string) => void;
  /** No longer consuming: what is published from now on is missed. */
  readonly onDetached?: (reason: Error) => void;
  /** Deliveries on their way without an ack. Default 100. */
  readonly prefetch?: number;
  readonly randomSuffix?: () => string;
}

/**
 * Receives for one terminal: at each connect it declares an exclusive queue of a new name, binds it and
 * consumes from it. What is published while it is detached is lost to it by design; whoever uses it asks
 * for the delta after each `onAttached`.
 */
export class Subscriber implements AsyncDisposable {
  readonly #options: SubscriberOptions;
  #handle: SessionHandle | null = null;
  #attached = false;

  constructor(options: SubscriberOptions) {
    this.#options = options;
  }

  /** Whether it is consuming. */
  get attached(): boolean {
    return this.#attached;
  }

  /** Attaches to the connection's broker from now on; returns at once. */
  start(): void {
    this.#handle ??= this.#options.connection.addSession({
      name: `terminal ${this.#options.terminalId}`,
      open: (channels) => this.#open(channels),
    });
  }

  /** Stops consuming, waits for the handler that is running, and gives up the queue. */
  async stop(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #open(channels: ChannelSource): Promise<OpenSession> {
    const { terminalId, randomSuffix, handler, onError } = this.#options;
    const channel = await channels.createChannel();
    const life = watchChannel(channel);
    const queue = terminalQueue(terminalId, (randomSuffix ?? newSuffix)());
    const consumption = new Consumption({ channel, isOpen: () => life.isOpen(), handler, onError });
    let consumerTag: string;
    try {
      await declareAndBind(channel, queue, this.#options.bindings);
      await channel.prefetch(this.#options.prefetch ?? 100);
      const consuming = await channel.consume(queue.name, (message) => {
        if (message === null)
          life.declareLost(new Error(`The broker cancelled the consumer: queue ${queue.name} is gone`));
        else consumption.take(message);
      });
      consumerTag = consuming.consumerTag;
    } catch (error) {
      await life.close();
      throw channelError(error, `declare, bind and consume from ${queue.name}`);
    }
    const lost = life.lost.then(async (cause) => {
      consumption.end();
      this.#detached(cause);
      // A cancelled consumer leaves its channel open.
      await life.close();
      return cause;
    });
    this.#attached = true;
    this.#options.onAttached?.(queue.name);
    return {
      lost,
      close: async () => {
        consumption.end();
        this.#detached(new Error('The subscriber was stopped'));
        if (life.isOpen()) await channel.cancel(consumerTag);
        await consumption.idle();
        await life.close();
      },
    };
  }

  #detached(reason: Error): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#options.onDetached?.(reason);
  }
}

/** 96 random bits: nobody guesses a queue's name, and no two connects share one. */
function newSuffix(): string {
  return randomBytes(12).toString('base64url');
}

async function declareAndBind(
  channel: Channel,
  queue: ReturnType<typeof terminalQueue>,
  bindings: readonly string[],
): Promise<void> {
  const { name, exclusive, autoDelete, durable } = queue;
  await channel.assertQueue(name, { exclusive, autoDelete, durable, arguments: queue.arguments });
  for (const binding of bindings) await channel.bindQueue(name, EVENTS_EXCHANGE.name, binding);
}
