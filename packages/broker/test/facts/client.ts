import { randomUUID } from 'node:crypto';
import { ManagementClient } from '@tillcast/broker';
import type { BrokerTokenOptions, FreshVirtualHost } from '@tillcast/testkit';
import { freshVirtualHost } from '@tillcast/testkit';
import { type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import { onTestFinished } from 'vitest';

export const EXCHANGE = 'pos_license_events';
export const LICENSE_A = 'EXTRO-LIFE-ABC123';
export const LICENSE_B = 'EXTRO-LIFE-XYZ789';

/** A provisioned virtual host that goes with the test. */
export async function provisionedHost(): Promise<{
  readonly host: FreshVirtualHost;
  readonly publisherUrl: string;
  /** The management API as the user that closes connections. */
  readonly guardian: ManagementClient;
}> {
  const host = await freshVirtualHost();
  onTestFinished(() => host.drop());
  const { publisherUrl, guardian } = await host.provision();
  return {
    host,
    publisherUrl,
    guardian: new ManagementClient({ url: host.managementUrl, ...guardian }),
  };
}

/** A client of amqplib's own, without anything of ours that would mend or hide what the broker does. */
export interface RawClient {
  readonly connection: ChannelModel;
  readonly closed: Promise<unknown>;
}

/** Connects, or rejects; closed at the end of the test if it is still open. */
export async function rawClient(url: string): Promise<RawClient> {
  const connection = await connect(url);
  const { promise: closed, resolve } = Promise.withResolvers<unknown>();
  let isOpen = true;
  connection.on('error', () => undefined);
  connection.on('close', (reason: unknown) => {
    isOpen = false;
    resolve(reason);
  });
  onTestFinished(async () => {
    if (isOpen) await connection.close();
  });
  return { connection, closed };
}

/** A terminal that is connected with a token. */
export async function tokenClient(
  host: FreshVirtualHost,
  options: Partial<BrokerTokenOptions> = {},
): Promise<RawClient & { readonly terminalId: string; readonly token: string }> {
  const terminalId = options.terminalId ?? randomUUID();
  const token = host.mintBrokerToken({ licenseKey: LICENSE_A, ...options, terminalId });
  return { ...(await rawClient(host.tokenUrl(terminalId, token))), terminalId, token };
}

/** What the broker answers to an operation on a channel of its own: `allowed`, or its reply code. */
export async function answerTo(
  { connection }: RawClient,
  operation: (channel: ConfirmChannel) => Promise<unknown>,
): Promise<number | 'allowed'> {
  const channel = await connection.createConfirmChannel();
  const { promise: refused, resolve } = Promise.withResolvers<number>();
  channel.on('error', (error: Error & { readonly code?: number }) => resolve(error.code ?? 0));
  const done = operation(channel).then(
    () => 'allowed' as const,
    () => refused,
  );
  const answer = await Promise.race([done, refused]);
  if (answer === 'allowed') await channel.close();
  return answer;
}

/** Publishes and waits for the confirm. */
export function publish(
  channel: ConfirmChannel,
  key: string,
  options: { readonly exchange?: string; readonly body?: string; readonly headers?: object } = {},
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { exchange = EXCHANGE, body = '{}', headers = {} } = options;
  channel.publish(exchange, key, Buffer.from(body), { headers }, (error: unknown) =>
    error === null || error === undefined ? resolve() : reject(new Error('nacked', { cause: error })),
  );
  channel.once('error', reject);
  return promise;
}

/** A queue of a terminal, bound by these patterns, and the bodies that arrive there. */
export interface Listening {
  readonly queue: string;
  readonly channel: Channel;
  readonly received: string[];
  /** Waits for a body. */
  readonly got: (body: string) => Promise<void>;
}

export async function listen(
  client: RawClient,
  terminalId: string,
  patterns: readonly string[],
): Promise<Listening> {
  const channel = await client.connection.createChannel();
  const queue = `terminal.${terminalId}.${randomUUID()}`;
  const received: string[] = [];
  const waiting = new Map<string, () => void>();
  await channel.assertQueue(queue, { exclusive: true, durable: false, autoDelete: true });
  for (const pattern of patterns) await channel.bindQueue(queue, EXCHANGE, pattern);
  await channel.consume(
    queue,
    (message: ConsumeMessage | null) => {
      const body = message?.content.toString() ?? '';
      received.push(body);
      waiting.get(body)?.();
    },
    { noAck: true },
  );
  const got = (body: string): Promise<void> =>
    received.includes(body)
      ? Promise.resolve()
      : new Promise((resolve) => {
          waiting.set(body, resolve);
        });
  return { queue, channel, received, got };
}
