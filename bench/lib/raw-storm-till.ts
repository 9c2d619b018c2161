import { get } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { backoffDelayMs } from '@tillcast/broker';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf } from '@tillcast/protocol/routing';
import { type ChannelModel, connect, credentials } from 'amqplib';
import { z } from 'zod';
import type { RawTillLogin } from './raw-storm-messages.ts';

export interface RawStormTill {
  /** How often it attached, got its rows and committed them. */
  readonly done: () => number;
  readonly stop: () => Promise<void>;
}

const deltaSchema: z.ZodType<{
  readonly changes: readonly { readonly id: string; readonly item: unknown }[];
}> = z.object({ changes: z.array(z.object({ id: z.string(), item: z.unknown() })) });

/**
 * What is under a till's return, and nothing of ours but how long it waits between tries: amqplib with a token that it has,
 * a queue, two bindings, consuming; the rows by one GET; and these in SQLite by one transaction.
 */
export function openRawTill(
  options: RawTillLogin & {
    readonly amqpUrl: string;
    readonly deltaUrl: string;
    readonly path: string;
  },
): RawStormTill {
  const database = new DatabaseSync(options.path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  database.exec('CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT');
  const put = database.prepare(
    'INSERT INTO items VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
  );
  let done = 0;
  let connection: ChannelModel | null = null;
  const stopping = new AbortController();
  const { signal } = stopping;

  const takeRows = async (): Promise<void> => {
    const { changes } = deltaSchema.parse(JSON.parse(await getText(options.deltaUrl)));
    database.exec('BEGIN');
    for (const { id, item } of changes) put.run(id, JSON.stringify(item));
    database.exec('COMMIT');
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) {
      try {
        connection = await connect(`${options.amqpUrl}?heartbeat=10`, {
          noDelay: true,
          credentials: credentials.plain(options.terminalId, options.token),
        });
        const lost = new Promise<void>((resolve) => connection?.once('close', () => resolve()));
        connection.on('error', () => undefined);
        await consume(connection, options);
        await takeRows();
        done += 1;
        failures = 0;
        await lost;
      } catch {
        // It is away: the next try tells.
      }
      failures += 1;
      if (!signal.aborted) await pause(backoffDelayMs(failures, Math.random()));
    }
  };
  const running = run();
  return {
    done: () => done,
    stop: async () => {
      stopping.abort();
      // A connection that is gone already is what is wanted.
      await connection?.close().catch(() => undefined);
      await running;
      database.close();
    },
  };
}

async function consume(connection: ChannelModel, { licenseKey, terminalId }: RawTillLogin): Promise<void> {
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue(`terminal.${terminalId}.${crypto.randomUUID()}`, {
    exclusive: true,
    autoDelete: true,
    durable: false,
  });
  for (const binding of bindingsOf(parseLicenseKey(licenseKey)))
    await channel.bindQueue(queue, 'pos_license_events', binding);
  await channel.prefetch(100);
  await channel.consume(queue, (message) => {
    if (message !== null) channel.ack(message);
  });
}

function getText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, (answer) => void text(answer).then(resolve, reject)).once('error', reject);
  });
}
