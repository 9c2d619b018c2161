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
  const { fields, content } = message;
  // amqplib types the properties as `any`; they are what the sender wrote.
  const properties: Readonly<Record<keyof typeof message.properties, unknown>> = message.properties;
  const { headers, timestamp } = properties;
  return {
    routingKey: fields.routingKey,
    body: content,
    headers: typeof headers === 'object' && headers !== null ? { ...headers } : {},
    messageId: textOrNull(properties.messageId),
    type: textOrNull(properties.type),
    timestampMs: typeof timestamp === 'number' ? timestamp * 1_000 : null,
    contentEncoding: textOrNull(properties.contentEncoding),
    redelivered: fields.redelivered,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
