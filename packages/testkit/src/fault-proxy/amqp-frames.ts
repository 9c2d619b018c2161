/** One frame of AMQP 0-9-1: type (1), channel (2), size (4), payload, 0xCE. */
export interface AmqpFrame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
  /** All of it, as it came. */
  readonly bytes: Buffer;
}

export const METHOD_FRAME = 1;
export const HEADER_FRAME = 2;
export const BODY_FRAME = 3;

const FRAME_END = 0xce;
const HEAD_BYTES = 7;
const PROTOCOL_HEADER_BYTES = 8;

/** Cuts a stream of bytes into frames; before the first one, a protocol header is handed on as it is. */
export class FrameReader {
  readonly #onFrame: (frame: AmqpFrame) => void;
  readonly #onOther: (bytes: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;

  constructor(onFrame: (frame: AmqpFrame) => void, onOther: (bytes: Buffer) => void) {
    this.#onFrame = onFrame;
    this.#onOther = onOther;
  }

  /** @throws Error where the stream is not AMQP */
  take(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (!this.#begun && !this.#takeProtocolHeader()) return;
    for (let frame = this.#next(); frame !== null; frame = this.#next()) this.#onFrame(frame);
  }

  /** Whether frames may follow. */
  #takeProtocolHeader(): boolean {
    // 'A' of "AMQP"; no frame's type.
    if (this.#rest[0] === 0x41) {
      if (this.#rest.length < PROTOCOL_HEADER_BYTES) return false;
      this.#onOther(this.#rest.subarray(0, PROTOCOL_HEADER_BYTES));
      this.#rest = this.#rest.subarray(PROTOCOL_HEADER_BYTES);
    }
    this.#begun = true;
    return true;
  }

  #next(): AmqpFrame | null {
    if (this.#rest.length < HEAD_BYTES) return null;
    const size = this.#rest.readUInt32BE(3);
    const length = HEAD_BYTES + size + 1;
    if (this.#rest.length < length) return null;
    const bytes = this.#rest.subarray(0, length);
    if (bytes[length - 1] !== FRAME_END) throw new Error('A frame of AMQP does not end where it says.');
    this.#rest = this.#rest.subarray(length);
    const payload = bytes.subarray(HEAD_BYTES, length - 1);
    return { type: bytes.readUInt8(0), channel: bytes.readUInt16BE(1), payload, bytes };
  }
}

/** Which method a method frame carries, as `class.method`; null for a frame of another type. */
export function methodOf({ type, payload }: AmqpFrame): string | null {
  return type === METHOD_FRAME ? `${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}` : null;
}

/** The bytes that a content header announces. */
export function bodySizeOf({ payload }: AmqpFrame): number {
  return Number(payload.readBigUInt64BE(4));
}

/** A short string at an offset, and where what follows it begins. */
export function shortString(
  payload: Buffer,
  offset: number,
): { readonly text: string; readonly end: number } {
  const end = offset + 1 + payload.readUInt8(offset);
  return { text: payload.toString('utf8', offset + 1, end), end };
}

/** A whole basic.ack of one delivery. */
export function ackFrame(channel: number, deliveryTag: bigint): Buffer {
  const frame = Buffer.alloc(HEAD_BYTES + 13 + 1);
  frame.writeUInt8(METHOD_FRAME, 0);
  frame.writeUInt16BE(channel, 1);
  frame.writeUInt32BE(13, 3);
  frame.writeUInt16BE(60, 7);
  frame.writeUInt16BE(80, 9);
  frame.writeBigUInt64BE(deliveryTag, 11);
  frame.writeUInt8(FRAME_END, 20);
  return frame;
}
