import { TillcastError } from '@tillcast/protocol/errors';
import type { Options } from 'amqplib';

/** A message to be published, in AMQP's terms. */
export interface OutgoingMessage {
  readonly routingKey: string;
  readonly body: Uint8Array;
  readonly messageId: string;
  /** AMQP's `type` property: the message type. */
  readonly type: string;
  /** When the message was made, in milliseconds since 1970; AMQP carries whole seconds. */
  readonly timestampMs: number;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly contentEncoding?: 'gzip';
}

/** AMQP keeps these as short strings: at most 255 bytes. */
const SHORT_STRING_BYTES = 255;

/**
 * The properties of a message, as amqplib takes them.
 *
 * `delivery_mode` is 1 always: a queue is a fast path, not a store. `CC` and `BCC` are refused, for they
 * would reach queues past the routing key's permission.
 *
 * @throws `message_invalid`
 */
export function publishOptionsOf(message: OutgoingMessage): Options.Publish {
  const { routingKey, messageId, type, timestampMs, headers, contentEncoding } = message;
  checkShort('routingKey', routingKey);
  checkShort('messageId', messageId);
  checkShort('type', type);
  if (headers !== undefined && ('CC' in headers || 'BCC' in headers)) {
    throw new TillcastError(
      'message_invalid',
      `Message ${messageId} has a CC or BCC header, which would route it elsewhere too; none is allowed.`,
    );
  }
  const options: Options.Publish = {
    contentType: 'application/json',
    deliveryMode: 1,
    mandatory: false,
    messageId,
    type,
    timestamp: Math.floor(timestampMs / 1_000),
  };
  if (headers !== undefined) options.headers = headers;
  if (contentEncoding !== undefined) options.contentEncoding = contentEncoding;
  return options;
}

/** Only long strings are measured: 85 UTF-16 units are at most 255 bytes. */
function checkShort(name: string, value: string): void {
  if (value.length <= SHORT_STRING_BYTES / 3 || Buffer.byteLength(value) <= SHORT_STRING_BYTES) return;
  throw new TillcastError(
    'message_invalid',
    `A message's ${name} is longer than AMQP's ${SHORT_STRING_BYTES} bytes.`,
  );
}
