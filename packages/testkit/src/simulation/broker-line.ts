import { backoffDelayMs } from '@tillcast/broker';
import type { SimulatedBroker } from './broker.ts';
import type { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Surroundings } from './surroundings.ts';

/** A line on which nothing was heard for so long is dead: two heartbeats of 10 s. */
const DEAD_AFTER_MS = 20_000;

/**
 * An ordered line between a process and the broker, made anew with the product's own waits whenever it is lost.
 * Where the two are cut off from each other for a while, what was sent arrives late; for longer, the line is dead.
 */
export class BrokerLine {
  readonly #surroundings: Surroundings;
  readonly #process: SimulatedProcess;
  readonly #broker: SimulatedBroker;
  readonly #random: Random;
  readonly #on: { readonly opened: () => void; readonly lost: () => void };
  /** Of each direction, when what was sent last arrives. */
  #lastUpMs = 0;
  #lastDownMs = 0;
  /** What belongs to a line that was lost is of an earlier generation. */
  #generation = 0;
  #isOpen = false;
  #wanted = false;
  #attempt = 0;

  constructor(
    surroundings: Surroundings,
    process: SimulatedProcess,
    broker: SimulatedBroker,
    on: { readonly opened: () => void; readonly lost: () => void },
  ) {
    this.#surroundings = surroundings;
    this.#process = process;
    this.#broker = broker;
    this.#random = surroundings.random.fork(`line of ${process.name}`);
    this.#on = on;
    broker.addLine(this);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  start(): void {
    this.#wanted = true;
    this.#connect();
  }

  /** For good. */
  stop(): void {
    this.#wanted = false;
    this.#close();
    this.#broker.removeLine(this);
  }

  /** The line is lost, to both ends, now. */
  cut(): void {
    if (!this.#isOpen) return;
    this.#close();
    this.#again();
  }

  /** The other end cannot be reached until then. */
  cutOffUntil(untilMs: number): void {
    const { scheduler } = this.#surroundings;
    const generation = this.#generation;
    if (untilMs - scheduler.nowMs < DEAD_AFTER_MS) return;
    scheduler.after(DEAD_AFTER_MS, () => {
      if (generation === this.#generation) this.cut();
    });
  }

  /** To the broker, in order. What is on its way when the line is lost is lost. */
  up(work: () => void): void {
    this.#lastUpMs = this.#arrival(this.#lastUpMs);
    this.#send(this.#lastUpMs, work);
  }

  /** From the broker to the process, in order; `lateMs` lets others pass. */
  down(work: () => void, lateMs = 0): void {
    const arrivalMs = this.#arrival(this.#lastDownMs);
    if (lateMs === 0) this.#lastDownMs = arrivalMs;
    this.#send(arrivalMs + lateMs, () => this.#process.run(work));
  }

  #arrival(lastMs: number): number {
    const { partitions } = this.#surroundings;
    const delayMs = this.#random.between(0.2, 8);
    return Math.max(lastMs, partitions.untilMs(this.#process.name, 'broker') + delayMs);
  }

  #send(arrivalMs: number, work: () => void): void {
    const generation = this.#generation;
    this.#surroundings.scheduler.at(arrivalMs, () => {
      if (generation === this.#generation) work();
    });
  }

  #connect(): void {
    if (!this.#wanted || this.#isOpen || !this.#process.alive) return;
    const { scheduler, partitions } = this.#surroundings;
    scheduler.after(this.#random.between(5, 40), () => {
      if (!this.#wanted || this.#isOpen || !this.#process.alive) return;
      if (!this.#broker.isUp || partitions.isCut(this.#process.name, 'broker')) return this.#again();
      this.#isOpen = true;
      this.#attempt = 0;
      this.#on.opened();
    });
  }

  #again(): void {
    if (!this.#wanted) return;
    this.#attempt += 1;
    this.#process.after(backoffDelayMs(this.#attempt, this.#random.next()), () => this.#connect());
  }

  #close(): void {
    this.#generation += 1;
    this.#lastUpMs = 0;
    this.#lastDownMs = 0;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#on.lost();
  }
}
