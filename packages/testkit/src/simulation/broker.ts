import type { OutgoingMessage } from '@tillcast/broker';
import { topicMatches } from '@tillcast/protocol/routing';
import type { BrokerLine } from './broker-line.ts';
import type { Surroundings } from './surroundings.ts';

/** A queue with its one consumer. */
export interface SimulatedQueue {
  readonly name: string;
  readonly bindings: Set<string>;
  readonly deliver: (message: OutgoingMessage) => void;
}

/** A topic exchange with the queues of the tills that are connected. Nothing outlives a restart. */
export class SimulatedBroker {
  readonly #surroundings: Surroundings;
  readonly #lines = new Set<BrokerLine>();
  readonly #queues = new Map<string, SimulatedQueue>();
  #downUntilMs = -1;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  get isUp(): boolean {
    return this.#surroundings.scheduler.nowMs >= this.#downUntilMs;
  }

  addLine(line: BrokerLine): void {
    this.#lines.add(line);
  }

  removeLine(line: BrokerLine): void {
    this.#lines.delete(line);
  }

  declare(queue: SimulatedQueue): void {
    this.#queues.set(queue.name, queue);
  }

  queue(name: string): SimulatedQueue | undefined {
    return this.#queues.get(name);
  }

  /** The queue is gone; its consumer is not told. */
  deleteQueue(name: string): void {
    this.#queues.delete(name);
  }

  route(message: OutgoingMessage): void {
    for (const queue of this.#queues.values()) {
      if ([...queue.bindings].some((pattern) => topicMatches(pattern, message.routingKey)))
        queue.deliver(message);
    }
  }

  restart(downMs: number): void {
    this.#downUntilMs = this.#surroundings.scheduler.nowMs + downMs;
    this.#queues.clear();
    for (const line of [...this.#lines]) line.cut();
  }

  comeBack(): void {
    this.#downUntilMs = -1;
  }
}
