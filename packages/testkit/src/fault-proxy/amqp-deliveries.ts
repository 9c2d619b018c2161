import {
  type AmqpFrame,
  ackFrame,
  BODY_FRAME,
  bodySizeOf,
  FrameReader,
  HEADER_FRAME,
  methodOf,
  shortString,
} from './amqp-frames.ts';
import type { DeliveryFaults, FaultTally } from './faults.ts';

/** Methods that are named here, by class and method. */
const CHANNEL_CLOSE = '20.40';
const CHANNEL_CLOSED = '20.41';
const CONSUME = '60.20';
const CONSUME_OK = '60.21';
const CANCEL = '60.30';
const CANCEL_OK = '60.31';
const DELIVER = '60.60';
/** They settle one delivery, or, by their first flag, all up to it. */
const SETTLING: ReadonlySet<string | null> = new Set(['60.80', '60.90', '60.120']);

export interface AmqpDeliveriesOptions {
  /** As they are at this moment. */
  readonly faults: () => DeliveryFaults;
  /** In [0, 1); asked once or twice for each delivery. */
  readonly random: () => number;
  readonly tally: FaultTally;
  readonly toClient: (bytes: Buffer) => void;
  readonly toServer: (bytes: Buffer) => void;
}

/** A delivery that is being received: its frames, and how many bytes of its body are missing. */
interface Gathering {
  readonly consumer: string;
  readonly tag: bigint;
  readonly frames: Buffer[];
  missing: number | null;
}

/**
 * Loses, doubles and delays whole deliveries (method, header and body) on a connection of AMQP 0-9-1 that goes
 * on living: a dropped one is acknowledged in the client's place, and only the first of the client's two
 * acknowledgements of a doubled one reaches the broker. Everything else passes as it came.
 */
export class AmqpDeliveries {
  readonly #options: AmqpDeliveriesOptions;
  readonly #server: FrameReader;
  readonly #client: FrameReader;
  /** By channel. */
  readonly #gathering = new Map<number, Gathering>();
  /** By channel: whether those who asked to consume and were not answered yet will acknowledge. */
  readonly #asking = new Map<number, boolean[]>();
  /** `<channel> <consumer tag>` of those who acknowledge nothing. */
  readonly #unacknowledging = new Set<string>();
  /** `<channel> <delivery tag>` of doubled ones: settled by the client so often so far. */
  readonly #doubled = new Map<string, number>();
  readonly #delayed = new Map<NodeJS.Timeout, number>();

  constructor(options: AmqpDeliveriesOptions) {
    this.#options = options;
    this.#server = new FrameReader((frame) => this.#fromServer(frame), options.toClient);
    this.#client = new FrameReader((frame) => this.#fromClient(frame), options.toServer);
  }

  /** @throws Error where it is not AMQP */
  takeFromServer(bytes: Buffer): void {
    this.#server.take(bytes);
  }

  /** @throws Error where it is not AMQP */
  takeFromClient(bytes: Buffer): void {
    this.#client.take(bytes);
  }

  /** What is delayed never arrives. */
  stop(): void {
    for (const timer of this.#delayed.keys()) clearTimeout(timer);
    this.#delayed.clear();
  }

  #fromServer(frame: AmqpFrame): void {
    const { channel, type, payload } = frame;
    const method = methodOf(frame);
    if (method === DELIVER) {
      const consumer = shortString(payload, 4);
      const tag = payload.readBigUInt64BE(consumer.end);
      this.#gathering.set(channel, { consumer: consumer.text, tag, frames: [frame.bytes], missing: null });
      return;
    }
    const gathering = this.#gathering.get(channel);
    if (gathering !== undefined && (type === HEADER_FRAME || type === BODY_FRAME)) {
      gathering.frames.push(frame.bytes);
      if (type === HEADER_FRAME) gathering.missing = bodySizeOf(frame);
      else gathering.missing = (gathering.missing ?? 0) - payload.length;
      if (gathering.missing > 0) return;
      this.#gathering.delete(channel);
      this.#deliver(channel, gathering);
      return;
    }
    if (method === CONSUME_OK && this.#asking.get(channel)?.shift() === false) {
      this.#unacknowledging.add(`${channel} ${shortString(payload, 4).text}`);
    }
    if (method === CHANNEL_CLOSE || method === CHANNEL_CLOSED || method === CANCEL || method === CANCEL_OK)
      this.#forget(channel);
    this.#options.toClient(frame.bytes);
  }

  #fromClient(frame: AmqpFrame): void {
    const { channel, payload } = frame;
    const method = methodOf(frame);
    if (method === CONSUME) {
      const flags = payload.readUInt8(shortString(payload, shortString(payload, 6).end).end);
      const acknowledges = (flags & 0b10) === 0;
      this.#asking.set(channel, [...(this.#asking.get(channel) ?? []), acknowledges]);
    }
    // Deliveries of a channel that is closing are nothing to its client any more.
    if (method === CHANNEL_CLOSE) this.#forget(channel);
    if (SETTLING.has(method) && this.#isSecond(channel, payload)) return;
    this.#options.toServer(frame.bytes);
  }

  /** Whether it settles a doubled delivery that is settled. */
  #isSecond(channel: number, payload: Buffer): boolean {
    const key = `${channel} ${payload.readBigUInt64BE(4)}`;
    const before = this.#doubled.get(key);
    if (before === undefined) return false;
    if (before === 0) this.#doubled.set(key, 1);
    else this.#doubled.delete(key);
    return before > 0;
  }

  #deliver(channel: number, { consumer, tag, frames }: Gathering): void {
    const { faults, random, tally, toClient, toServer } = this.#options;
    const { drop = 0, double = 0, delay = { share: 0, maxMs: 0 } } = faults();
    const bytes = Buffer.concat(frames);
    const acknowledged = !this.#unacknowledging.has(`${channel} ${consumer}`);
    const chance = random();
    tally.deliveries += 1;
    if (chance < drop) {
      tally.dropped += 1;
      if (acknowledged) toServer(ackFrame(channel, tag));
    } else if (chance < drop + double) {
      tally.doubled += 1;
      if (acknowledged) this.#doubled.set(`${channel} ${tag}`, 0);
      toClient(Buffer.concat([bytes, bytes]));
    } else if (chance < drop + double + delay.share) {
      tally.delayed += 1;
      const timer = setTimeout(() => {
        this.#delayed.delete(timer);
        toClient(bytes);
      }, random() * delay.maxMs);
      this.#delayed.set(timer, channel);
    } else {
      toClient(bytes);
    }
  }

  /** The channel's deliveries have no taker any more, and its tags may begin anew. */
  #forget(channel: number): void {
    for (const [timer, of] of this.#delayed) {
      if (of !== channel) continue;
      clearTimeout(timer);
      this.#delayed.delete(timer);
    }
    this.#gathering.delete(channel);
    for (const key of this.#doubled.keys()) if (key.startsWith(`${channel} `)) this.#doubled.delete(key);
  }
}
