import { randomUUID } from 'node:crypto';
import { decodeContent } from '@tillcast/broker';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf } from '@tillcast/protocol/routing';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import { type ChannelModel, connect } from 'amqplib';
import { z } from 'zod';

/** What a listener was given, and when: milliseconds of `performance.now()`. */
export interface Heard {
  readonly atMs: number;
  readonly routingKey: string;
  readonly version: number | null;
}

/** A client with a token and a queue, and nothing that reconnects. */
export interface RawListener extends AsyncDisposable {
  readonly heard: readonly Heard[];
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  readonly isClosed: () => boolean;
}

const bodySchema = z.object({ version: z.int().optional() });

/** Connects with a token as its password, and consumes as a terminal does. Rejects where the broker refuses. */
export async function listenRaw(
  url: string,
  who: { readonly terminalId: string; readonly licenseKey: string },
  heard: Heard[] = [],
): Promise<RawListener> {
  const connection = await connect(url, { noDelay: true });
  const closed = Promise.withResolvers<void>();
  let isClosed = false;
  connection.on('error', () => undefined);
  connection.on('close', () => {
    isClosed = true;
    closed.resolve();
  });
  try {
    await consume(connection, who, heard);
  } catch (error) {
    await end(connection, () => isClosed);
    throw error;
  }
  return {
    heard,
    closed: closed.promise,
    isClosed: () => isClosed,
    [Symbol.asyncDispose]: () => end(connection, () => isClosed),
  };
}

async function consume(
  connection: ChannelModel,
  who: { readonly terminalId: string; readonly licenseKey: string },
  heard: Heard[],
): Promise<void> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  const queue = `terminal.${who.terminalId}.${randomUUID()}`;
  await channel.assertQueue(queue, { exclusive: true, autoDelete: true, durable: false });
  for (const binding of bindingsOf(parseLicenseKey(who.licenseKey))) {
    await channel.bindQueue(queue, EVENTS_EXCHANGE.name, binding);
  }
  await channel.consume(
    queue,
    (message) => {
      if (message === null) return;
      const { contentEncoding } = message.properties;
      const encoding = typeof contentEncoding === 'string' ? contentEncoding : undefined;
      const body: unknown = JSON.parse(new TextDecoder().decode(decodeContent(message.content, encoding)));
      const { version = null } = bodySchema.parse(body);
      heard.push({ atMs: performance.now(), routingKey: message.fields.routingKey, version });
    },
    { noAck: true },
  );
}

async function end(connection: ChannelModel, isClosed: () => boolean): Promise<void> {
  if (isClosed()) return;
  try {
    await connection.close();
  } catch (error) {
    // The broker closed it meanwhile.
    if (!isClosed() && !(error instanceof Error && /closed|closing/i.test(error.message))) throw error;
  }
}
