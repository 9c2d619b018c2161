import type { RelayPublisher } from '@tillcast/backend/internals';
import type { OutgoingMessage } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { SimulatedBroker } from './broker.ts';
import { BrokerLine } from './broker-line.ts';
import type { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Surroundings } from './surroundings.ts';

/** As the backend sets it. */
const CONFIRM_TIMEOUT_MS = 5_000;

type OnSettled = (error: TillcastError | null) => void;

/** A relay's publisher over a simulated line: messages in order, each until its confirm, with the real one's errors. */
export class SimulatedPublisher implements RelayPublisher {
  readonly #surroundings: Surroundings;
  readonly #process: SimulatedProcess;
  readonly #broker: SimulatedBroker;
  readonly #random: Random;
  readonly #line: BrokerLine;
  readonly #listeners = new Set<(ready: boolean) => void>();
  readonly #waiting = new Map<number, OnSettled>();
  readonly #onConfirmed: (message: OutgoingMessage) => void;
  #sequence = 0;
  #ready = false;

  constructor(
    surroundings: Surroundings,
    process: SimulatedProcess,
    broker: SimulatedBroker,
    onConfirmed: (message: OutgoingMessage) => void,
  ) {
    this.#surroundings = surroundings;
    this.#process = process;
    this.#broker = broker;
    this.#onConfirmed = onConfirmed;
    this.#random = surroundings.random.fork(`publisher of ${process.name}`);
    this.#line = new BrokerLine(surroundings, process, broker, {
      opened: () => process.run(() => this.#setReady(true)),
      lost: () => this.#process.run(() => this.#lost()),
    });
  }

  get line(): BrokerLine {
    return this.#line;
  }

  get ready(): boolean {
    return this.#ready;
  }

  onReadyChange(listener: (ready: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(message: OutgoingMessage, onSettled: OnSettled): void {
    if (!this.#ready || !this.#line.isOpen) return onSettled(unavailable());
    this.#sequence += 1;
    const sequence = this.#sequence;
    this.#waiting.set(sequence, onSettled);
    const { nacked, unconfirmed, publisherCut } = this.#surroundings.rates();
    const fate = this.#random.next();
    const routed = this.#random.chance(0.5);
    this.#line.up(() => {
      if (fate < nacked) return this.#line.down(() => this.#settle(sequence, refused()));
      if (fate < nacked + unconfirmed) {
        if (routed) this.#broker.route(message);
        return this.#process.after(CONFIRM_TIMEOUT_MS, () => this.#line.cut());
      }
      if (fate < nacked + unconfirmed + publisherCut) {
        if (routed) this.#broker.route(message);
        return this.#line.cut();
      }
      this.#broker.route(message);
      this.#onConfirmed(message);
      this.#line.down(() => this.#settle(sequence, null));
      return undefined;
    });
  }

  #settle(sequence: number, error: TillcastError | null): void {
    const onSettled = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    onSettled?.(error);
  }

  #lost(): void {
    for (const sequence of [...this.#waiting.keys()]) this.#settle(sequence, unavailable());
    this.#setReady(false);
  }

  #setReady(ready: boolean): void {
    const now = ready && this.#line.isOpen;
    if (this.#ready === now) return;
    this.#ready = now;
    this.#surroundings.trace.add('publisher', () => `${this.#process.name} ${now ? 'ready' : 'lost'}`);
    for (const listener of this.#listeners) listener(now);
  }
}

function unavailable(): TillcastError {
  return new TillcastError('broker_unavailable', 'The simulated line to the broker is lost.');
}

function refused(): TillcastError {
  return new TillcastError('publish_refused', 'The simulated broker said no.');
}
