import type { Socket } from 'node:net';
import type { LineFaults } from './faults.ts';

/** So much waits here at most before the sender is held back, beside what the kernel keeps. */
const WAITING_MAX_BYTES = 65_536;
/** Slow lines get their share so often. */
const TICK_MS = 50;

/** How one side ended: it has said all, or was torn off. */
export type FlowEnd = 'end' | 'reset';

export interface FlowOptions {
  readonly from: Socket;
  readonly towards: 'server' | 'client';
  readonly to: Socket;
  /** As they are at this moment. */
  readonly faults: () => LineFaults;
  /** In [0, 1). */
  readonly random: () => number;
}

/** One direction of a line: hands bytes on as late and as slowly as its faults want. */
export class Flow {
  readonly #options: FlowOptions;
  readonly #queue: { bytes: Buffer; readonly dueAtMs: number }[] = [];
  #waitingBytes = 0;
  #lastDueAtMs = 0;
  #end: FlowEnd | null = null;
  #isDone = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: FlowOptions) {
    this.#options = options;
    options.to.on('drain', () => this.look());
  }

  push(bytes: Buffer): void {
    if (this.#isDone || this.#end !== null) return;
    const { from, faults, random } = this.#options;
    const { latencyMs, jitterMs } = faults();
    const dueAtMs = Math.max(this.#lastDueAtMs, performance.now() + latencyMs + jitterMs * random());
    this.#lastDueAtMs = dueAtMs;
    this.#queue.push({ bytes, dueAtMs });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > WAITING_MAX_BYTES) from.pause();
    this.#work();
  }

  /** Nothing more comes: the other side is told when all that waits has gone. */
  finish(how: FlowEnd): void {
    if (this.#isDone || this.#end === 'reset') return;
    this.#end = how;
    this.look();
  }

  /** The faults may have changed. */
  look(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#work();
  }

  /** Hands nothing on from now on, not even an end. */
  stop(): void {
    this.#isDone = true;
    this.#queue.length = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #work(): void {
    const { to, towards, faults } = this.#options;
    while (!this.#isDone && this.#timer === null) {
      const { traffic, bytesPerSecond } = faults();
      if (traffic === 'held' || traffic === `held_to_${towards}` || to.writableNeedDrain) return;
      const head = this.#queue[0];
      if (head === undefined) return this.#tellEnd();
      const waitMs = head.dueAtMs - performance.now();
      if (waitMs > 0) return this.#workIn(waitMs);
      if (bytesPerSecond === null) {
        this.#queue.shift();
        this.#send(head.bytes);
      } else {
        const share = Math.max(1, Math.floor((bytesPerSecond * TICK_MS) / 1_000));
        const part = head.bytes.subarray(0, share);
        head.bytes = head.bytes.subarray(part.length);
        if (head.bytes.length === 0) this.#queue.shift();
        this.#send(part);
        this.#workIn((part.length * 1_000) / bytesPerSecond);
      }
    }
  }

  #workIn(delayMs: number): void {
    this.#timer = setTimeout(() => this.look(), Math.max(1, delayMs));
  }

  #send(bytes: Buffer): void {
    const { from, to } = this.#options;
    to.write(bytes);
    this.#waitingBytes -= bytes.length;
    if (this.#waitingBytes <= WAITING_MAX_BYTES) from.resume();
  }

  #tellEnd(): void {
    if (this.#end === null) return;
    const how = this.#end;
    this.stop();
    if (how === 'end') this.#options.to.end();
    else this.#options.to.resetAndDestroy();
  }
}
