import { backoffDelayMs, type Logger } from '@tillcast/broker';
import { Client, type ClientConfig, escapeIdentifier } from 'pg';
import type { ChannelListener } from './database.ts';
import { BECOME_SYSTEM } from './roles.ts';
import { translated } from './sql-error.ts';

const RECONNECT = { initialMs: 200, maxMs: 5_000 };

export interface PostgresListenerOptions {
  readonly connection: ClientConfig;
  readonly logger: Logger;
}

/** One connection that only listens, made when it is first needed and again whenever it is lost. */
export class PostgresListener {
  readonly #options: PostgresListenerOptions;
  readonly #channels = new Map<string, Set<ChannelListener>>();
  #client: Client | undefined;
  #connecting: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #attempt = 0;
  #closed = false;

  constructor(options: PostgresListenerOptions) {
    this.#options = options;
  }

  /** @throws TillcastError `database_unavailable` when the server cannot be reached now */
  async listen(channel: string, listener: ChannelListener): Promise<() => Promise<void>> {
    const listeners = this.#channels.get(channel);
    if (listeners === undefined) this.#channels.set(channel, new Set([listener]));
    else listeners.add(listener);
    try {
      await this.#connected();
      await this.#client?.query(`LISTEN ${escapeIdentifier(channel)}`);
    } catch (error) {
      this.#channels.get(channel)?.delete(listener);
      throw translated(error);
    }
    return () => this.#unlisten(channel, listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#channels.clear();
    // A connection that is just being made ends itself when it finds us closed.
    await this.#connecting?.catch(() => undefined);
    await this.#client?.end();
    this.#client = undefined;
  }

  async #unlisten(channel: string, listener: ChannelListener): Promise<void> {
    const listeners = this.#channels.get(channel);
    if (listeners?.delete(listener) !== true || listeners.size > 0) return;
    this.#channels.delete(channel);
    try {
      await this.#client?.query(`UNLISTEN ${escapeIdentifier(channel)}`);
    } catch (error) {
      // A lost connection listens to nothing any more.
      this.#options.logger.debug({ err: error, channel }, 'could not unlisten');
    }
  }

  #connected(): Promise<void> {
    if (this.#client !== undefined) return Promise.resolve();
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<void> {
    const client = new Client(this.#options.connection);
    const onEnd = (error?: Error): void => this.#onLost(client, error);
    client.on('error', onEnd);
    client.on('end', () => onEnd());
    client.on('notification', ({ channel, payload }) => {
      for (const listener of this.#channels.get(channel) ?? []) listener.onNotification(payload ?? '');
    });
    await client.connect();
    await client.query(BECOME_SYSTEM);
    for (const channel of this.#channels.keys()) await client.query(`LISTEN ${escapeIdentifier(channel)}`);
    if (this.#closed) {
      await client.end();
      return;
    }
    this.#client = client;
    this.#attempt = 0;
  }

  #onLost(client: Client, error?: Error): void {
    if (this.#closed || client !== this.#client) return;
    this.#client = undefined;
    this.#options.logger.warn({ err: error }, 'the listening database connection was lost');
    this.#reconnectSoon();
  }

  #reconnectSoon(): void {
    this.#attempt += 1;
    const delayMs = backoffDelayMs(this.#attempt, Math.random(), RECONNECT);
    this.#retry = setTimeout(() => {
      this.#connected().then(
        () => {
          for (const listeners of this.#channels.values()) {
            for (const listener of listeners) listener.onMissed();
          }
        },
        (error: unknown) => {
          this.#options.logger.debug({ err: error }, 'the listening database connection is not back yet');
          if (!this.#closed) this.#reconnectSoon();
        },
      );
    }, delayMs);
  }
}
