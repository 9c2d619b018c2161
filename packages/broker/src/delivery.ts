import type { ConsumeMessage } from 'amqplib';

/** A received message. What stands in it is what the sender wrote: nothing is verified yet. */
export interface Delivery {
  readonly routingKey: string;
  /** As it came; see `decodeContent`. */
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly messageId: string | null;
  readonly type: string | null;
  readonly timestampMs: number | null;
  readonly contentEncoding: string | null;
  readonly redelivered: boolean;
}

/** The delivery in a message of amqplib. */
export function deliveryOf(message: ConsumeMessage): Delivery {
  const { fields, properties, content } = message;
  const {
    messageId,
    type,
    timestamp,
    contentEncoding,
    headers,
  }: { readonly [name in keyof typeof properties]: unknown } = properties;
  return {
    routingKey: fields.routingKey,
    body: content,
    headers: typeof headers === 'object' && headers !== null ? { ...headers } : {},
    messageId: textOrNull(messageId),
    type: textOrNull(type),
    timestampMs: typeof timestamp === 'number' ? timestamp * 1_000 : null,
    contentEncoding: textOrNull(contentEncoding),
    redelivered: fields.redelivered,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
