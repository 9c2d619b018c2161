import { backoffDelayMs, type Logger } from '@tillcast/broker';
import { Client, type ClientConfig, escapeIdentifier } from 'pg';
import type { ChannelListener } from './database.ts';
import { BECOME_SYSTEM } from './roles.ts';
import { translated, unavailable } from './sql-error.ts';

const RECONNECT = { initialMs: 200, maxMs: 5_000 };
/** A server whose machine is gone says nothing, and who only listens would wait for it for ever. */
const PROBE = { everyMs: 5_000, answerMs: 5_000 };
const KEEP_ALIVE_AFTER_MS = 10_000;

export interface PostgresListenerOptions {
  readonly connection: ClientConfig;
  readonly logger: Logger;
  /** How often the server is asked for a sign of life, and how long an answer may take; default 5 s each. */
  readonly probe?: { readonly everyMs: number; readonly answerMs: number };
}

/**
 * One connection that only listens, made when it is first needed and again whenever it is lost, or gives no
 * sign of life.
 */
export class PostgresListener {
  readonly #options: PostgresListenerOptions;
  readonly #channels = new Map<string, Set<ChannelListener>>();
  #client: Client | undefined;
  #connecting: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #probe: NodeJS.Timeout | undefined;
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
      // One that was lost this moment listens to all channels when it is back.
      if (this.#client !== undefined) await this.#ask(this.#client, listenTo(channel));
    } catch (error) {
      this.#channels.get(channel)?.delete(listener);
      throw translated(error);
    }
    return () => this.#unlisten(channel, listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#probe);
    this.#channels.clear();
    // A connection that is just being made ends itself when it finds us closed.
    await this.#connecting?.catch(() => undefined);
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    // Where nobody answers, the question that is left open makes the end an abrupt one.
    await this.#ask(client, 'UNLISTEN *').catch((error: unknown) => this.#debug(error, 'could not unlisten'));
    await client.end();
  }

  async #unlisten(channel: string, listener: ChannelListener): Promise<void> {
    const listeners = this.#channels.get(channel);
    if (listeners?.delete(listener) !== true || listeners.size > 0) return;
    this.#channels.delete(channel);
    if (this.#client === undefined) return;
    try {
      await this.#ask(this.#client, `UNLISTEN ${escapeIdentifier(channel)}`);
    } catch (error) {
      // A lost connection listens to nothing any more.
      this.#debug(error, 'could not unlisten');
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
    const client = new Client({
      ...this.#options.connection,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    });
    const onEnd = (error?: Error): void => this.#onLost(client, error);
    client.on('error', onEnd);
    client.on('end', () => onEnd());
    client.on('notification', ({ channel, payload }) => {
      for (const listener of this.#channels.get(channel) ?? []) listener.onNotification(payload ?? '');
    });
    try {
      await client.connect();
      await this.#ask(client, BECOME_SYSTEM);
      for (const channel of this.#channels.keys()) await this.#ask(client, listenTo(channel));
    } catch (error) {
      this.#end(client);
      throw error;
    }
    if (this.#closed) {
      await client.end();
      return;
    }
    this.#client = client;
    this.#attempt = 0;
    this.#probeSoon(client);
  }

  /** Rejects where the answer takes too long; the question is then left open. */
  async #ask(client: Client, sql: string): Promise<void> {
    const { answerMs } = this.#options.probe ?? PROBE;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(unavailable(`no answer within ${answerMs} ms`)), answerMs);
    const asked = client.query(sql);
    // Left open, it fails when the connection is ended: that is nobody's then.
    asked.catch(() => undefined);
    try {
      await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #probeSoon(client: Client): void {
    const { everyMs } = this.#options.probe ?? PROBE;
    this.#probe = setTimeout(() => {
      if (client !== this.#client) return;
      this.#ask(client, 'SELECT 1').then(
        () => this.#probeSoon(client),
        (error: unknown) => {
          this.#onLost(client, error);
          this.#end(client);
        },
      );
    }, everyMs);
  }

  /** Not waited for: a server that is gone says no goodbye. */
  #end(client: Client): void {
    client.end().catch((error: unknown) => this.#debug(error, 'could not end a lost connection'));
  }

  #onLost(client: Client, error?: unknown): void {
    if (this.#closed || client !== this.#client) return;
    this.#client = undefined;
    clearTimeout(this.#probe);
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
          this.#debug(error, 'the listening database connection is not back yet');
          if (!this.#closed) this.#reconnectSoon();
        },
      );
    }, delayMs);
  }

  #debug(error: unknown, what: string): void {
    this.#options.logger.debug({ err: error }, what);
  }
}

function listenTo(channel: string): string {
  return `LISTEN ${escapeIdentifier(channel)}`;
}
