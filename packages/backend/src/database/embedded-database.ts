import type { LicenseKey } from '@tillcast/protocol/license-key';
import type {
  ChannelListener,
  Database,
  LicenseDatabase,
  Session,
  Transaction,
  TransactionOptions,
} from './database.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { Mutex } from './mutex.ts';
import { BECOME_SYSTEM, ensureRoles } from './roles.ts';
import { unavailable } from './sql-error.ts';
import { beginSql, type Entry, entryOf } from './transaction-sql.ts';

/** PGlite on a directory of this process alone. */
export class EmbeddedDatabase implements Database {
  readonly engine = 'embedded';
  readonly #engine: EmbeddedEngine;
  readonly #lock: DirectoryLock;
  readonly #channels: Map<string, Set<ChannelListener>>;
  readonly #session: Session;
  readonly #mutex = new Mutex();
  #closing: Promise<void> | undefined;

  private constructor(
    engine: EmbeddedEngine,
    lock: DirectoryLock,
    channels: Map<string, Set<ChannelListener>>,
  ) {
    this.#engine = engine;
    this.#lock = lock;
    this.#channels = channels;
    this.#session = {
      query: async (statement, values = []) => {
        const rows = await engine.ask({ ask: 'query', text: statement.text, values });
        return rows.map(statement.decode);
      },
      execute: async (script) => {
        await engine.ask({ ask: 'execute', script });
      },
    };
  }

  /**
   * Opens the directory, which is made where it is missing.
   * @throws TillcastError `data_in_use` when another process has it open
   */
  static async open(dataDir: string): Promise<EmbeddedDatabase> {
    const lock = await lockDirectory(dataDir);
    const channels = new Map<string, Set<ChannelListener>>();
    try {
      const engine = await EmbeddedEngine.open(lock.dataDir, (channel, payload) => {
        for (const listener of channels.get(channel) ?? []) listener.onNotification(payload);
      });
      const database = new EmbeddedDatabase(engine, lock, channels);
      try {
        await ensureRoles(database.#session);
        await database.#session.execute(BECOME_SYSTEM);
      } catch (error) {
        await engine.close();
        throw error;
      }
      return database;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  query: Session['query'] = (statement, values) => this.#alone(() => this.#session.query(statement, values));

  execute: Session['execute'] = (script) => this.#alone(() => this.#session.execute(script));

  transaction<T>(work: (session: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#transaction(work, options);
  }

  ofLicense(license: number | LicenseKey): LicenseDatabase {
    return {
      query: async (statement, values) =>
        this.#transaction((session) => session.query(statement, values), {}, entryOf(license)),
      transaction: async (work, options = {}) => this.#transaction(work, options, entryOf(license)),
    };
  }

  async listen(channel: string, listener: ChannelListener): Promise<() => Promise<void>> {
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(listener));
    await this.execute(`LISTEN "${channel.replaceAll('"', '""')}"`);
    return async () => {
      if (!listeners.delete(listener) || listeners.size > 0 || this.#closing !== undefined) return;
      this.#channels.delete(channel);
      await this.execute(`UNLISTEN "${channel.replaceAll('"', '""')}"`);
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    try {
      await this.#mutex.run(() => this.#engine.close());
    } finally {
      this.#lock.release();
    }
  }

  #transaction<T>(
    work: (session: Transaction) => Promise<T>,
    options: TransactionOptions,
    entry?: Entry,
  ): Promise<T> {
    const session = this.#session;
    return this.#alone(async () => {
      let committed = false;
      const queryAndCommit: Session['query'] = async (statement, values) => {
        const rows = await session.query(statement, values);
        await session.execute('COMMIT');
        committed = true;
        return rows;
      };
      try {
        await session.execute(beginSql(options));
        if (entry !== undefined) await session.query(entry.statement, entry.values);
        const result = await work({ ...session, queryAndCommit });
        if (!committed) await session.execute('COMMIT');
        return result;
      } catch (error) {
        await this.#session.execute('ROLLBACK');
        throw error;
      }
    });
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(unavailable('it has been closed'));
    return this.#mutex.run(work);
  }
}
