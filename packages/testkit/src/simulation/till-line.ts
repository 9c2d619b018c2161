import type { Delivery, OutgoingMessage } from '@tillcast/broker';
import type { SimulatedBroker } from './broker.ts';
import { BrokerLine } from './broker-line.ts';
import type { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Surroundings } from './surroundings.ts';

/** What a till does with its line. */
export interface TillLineEvents {
  readonly attached: () => void;
  readonly detached: () => void;
  readonly deliver: (delivery: Delivery) => void;
  /** Whether the broker lets it in. */
  readonly mayEnter: () => boolean;
}

/** A message that comes late lets others pass for so long at most. */
const LATE_MAX_MS = 3_000;

/** A till's queue at the simulated broker: a new one at each attach, as the real subscriber has it. */
export class TillLine {
  readonly #surroundings: Surroundings;
  readonly #process: SimulatedProcess;
  readonly #broker: SimulatedBroker;
  readonly #random: Random;
  readonly #line: BrokerLine;
  readonly #bindings: readonly string[];
  readonly #on: TillLineEvents;
  #queues = 0;
  #queue: string | null = null;
  #attached = false;

  constructor(
    surroundings: Surroundings,
    process: SimulatedProcess,
    broker: SimulatedBroker,
    bindings: readonly string[],
    on: TillLineEvents,
  ) {
    this.#surroundings = surroundings;
    this.#process = process;
    this.#broker = broker;
    this.#bindings = bindings;
    this.#on = on;
    this.#random = surroundings.random.fork(`deliveries to ${process.name}`);
    this.#line = new BrokerLine(surroundings, process, broker, {
      opened: () => {
        if (on.mayEnter()) this.#attach();
        else this.#line.cut();
      },
      lost: () => {
        this.#dropQueue();
        process.run(() => this.#detached());
      },
    });
  }

  get line(): BrokerLine {
    return this.#line;
  }

  /** The name of the queue that the till believes it has. */
  get queue(): string | null {
    return this.#queue;
  }

  start(): void {
    this.#line.start();
  }

  stop(): void {
    this.#line.stop();
  }

  /** Gives the queue up and attaches with a new one, on the same line. */
  renew(): void {
    this.#dropQueue();
    this.#detached();
    if (this.#line.isOpen) this.#attach();
  }

  #attach(): void {
    this.#queues += 1;
    const name = `terminal.${this.#process.name}.${this.#queues}`;
    this.#line.up(() => {
      this.#queue = name;
      const bindings = new Set(this.#bindings);
      this.#broker.declare({ name, bindings, deliver: (message) => this.#deliver(name, message) });
      this.#line.down(() => {
        if (this.#queue !== name || this.#attached) return;
        this.#attached = true;
        this.#surroundings.trace.add('attached', () => name);
        this.#on.attached();
      });
    });
  }

  #deliver(name: string, message: OutgoingMessage): void {
    const { messageLost, messageDoubled, messageLate } = this.#surroundings.rates();
    const times = this.#random.chance(messageLost) ? 0 : this.#random.chance(messageDoubled) ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      const lateMs = this.#random.chance(messageLate) ? this.#random.between(1, LATE_MAX_MS) : 0;
      this.#line.down(() => {
        if (this.#queue === name) this.#on.deliver(deliveryOf(message, time > 0));
      }, lateMs);
    }
  }

  #detached(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#surroundings.trace.add('detached', () => this.#process.name);
    this.#on.detached();
  }

  #dropQueue(): void {
    if (this.#queue !== null) this.#broker.deleteQueue(this.#queue);
    this.#queue = null;
  }
}

function deliveryOf(message: OutgoingMessage, redelivered: boolean): Delivery {
  const { routingKey, body, headers = {}, messageId, type, timestampMs, contentEncoding = null } = message;
  return {
    routingKey,
    body: Buffer.from(body),
    headers,
    messageId,
    type,
    timestampMs: Math.floor(timestampMs / 1_000) * 1_000,
    contentEncoding,
    redelivered,
  };
}
