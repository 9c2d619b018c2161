import { certificateFault, type Logger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { Client, type ClientConfig, Pool, type PoolClient, TypeOverrides, types } from 'pg';
import type {
  ChannelListener,
  Database,
  LicenseDatabase,
  Transaction,
  TransactionOptions,
} from './database.ts';
import { PostgresListener } from './postgres-listener.ts';
import { preparedQuery, rowsOf, sessionOf } from './postgres-session.ts';
import { PostgresTransaction } from './postgres-transaction.ts';
import { BECOME_SYSTEM, ensureRoles } from './roles.ts';
import { translated, unavailable } from './sql-error.ts';
import type { RawRow, SqlValue, Statement } from './statement.ts';
import { type Entry, entryOf } from './transaction-sql.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Longer than the server's, so that it only speaks where the network, not the statement, hangs. */
const ANSWER_TIMEOUT_MS = 35_000;
/** The driver's words for a server that answers that it has none. */
const WITHOUT_TLS = 'The server does not support SSL connections';

export interface PostgresOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly logger: Logger;
}

/** A PostgreSQL server, by a pool of connections and one more that listens. */
export class PostgresDatabase implements Database {
  readonly engine = 'postgresql';
  readonly #pool: Pool;
  readonly #listener: PostgresListener;
  #closing: Promise<void> | undefined;

  private constructor(connection: ClientConfig, options: PostgresOptions) {
    const { poolSize, logger } = options;
    this.#pool = new Pool({
      ...connection,
      // A connection is handed out when it has its role.
      verify: (client, done) => client.query(BECOME_SYSTEM, (error) => done(error ?? undefined)),
      // What is asked before an answer is there goes out at once: a statement and its COMMIT in one round trip.
      pipeline: true,
      max: poolSize,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    });
    // One that ends has no listener of the pool's while it is verified, nor once it was given up: without one of ours that
    // would end the process. The query under way tells.
    this.#pool.on('connect', (client) => {
      client.on('error', (error) => logger.debug({ err: error }, 'a database connection ended'));
    });
    // An idle connection that ends is dropped from the pool by itself; the next query makes a new one.
    this.#pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection ended'));
    this.#listener = new PostgresListener({ connection, logger });
  }

  /**
   * Connects, and makes sure of the roles that all else runs as.
   * @throws TillcastError `database_unavailable`, `configuration_invalid`
   */
  static async open(options: PostgresOptions): Promise<PostgresDatabase> {
    const connection: ClientConfig = {
      connectionString: options.url,
      application_name: 'tillcast',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      types: numbersForInt8(),
    };
    const owner = new Client(connection);
    // A connection that ends is told of by the query under way.
    owner.on('error', (error) => options.logger.debug({ err: error }, 'the first database connection ended'));
    try {
      await owner.connect();
      await ensureRoles(sessionOf(owner));
    } catch (error) {
      throw untrusted(error) ?? translated(error);
    } finally {
      await owner.end();
    }
    return new PostgresDatabase(connection, options);
  }

  async query<Row>(statement: Statement<Row>, values: readonly SqlValue[] = []): Promise<readonly Row[]> {
    const result = await this.#reach(() => this.#pool.query<RawRow>(preparedQuery(statement, values)));
    return rowsOf(statement, result);
  }

  async execute(script: string): Promise<void> {
    await this.#reach(() => this.#pool.query(script));
  }

  transaction<T>(work: (session: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#transaction(work, options);
  }

  ofLicense(license: number | LicenseKey): LicenseDatabase {
    return {
      query: async (statement, values = []) =>
        this.#transaction((session) => session.queryAndCommit(statement, values), {}, entryOf(license)),
      transaction: async (work, options = {}) => this.#transaction(work, options, entryOf(license)),
    };
  }

  listen(channel: string, listener: ChannelListener): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    await this.#listener.close();
    await this.#pool.end();
  }

  async #transaction<T>(
    work: (session: Transaction) => Promise<T>,
    options: TransactionOptions,
    entry?: Entry,
  ): Promise<T> {
    const client = await this.#reach(() => this.#pool.connect());
    // While a connection is checked out, the pool does not listen for its errors; the next query tells.
    let lost: Error | undefined;
    const onError = (error: Error): void => {
      lost = error;
    };
    client.on('error', onError);
    try {
      const transaction = new PostgresTransaction(client, options, entry);
      const result = await work(transaction);
      await transaction.commit();
      return result;
    } catch (error) {
      lost = (await rolledBack(client)) ?? lost;
      throw translated(error);
    } finally {
      client.off('error', onError);
      client.release(lost);
    }
  }

  async #reach<T>(use: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw unavailable('it has been closed');
    try {
      return await use();
    } catch (error) {
      throw translated(error);
    }
  }
}

/** What is wrong with the server's certificate, or that it has none; null where it is something else. */
function untrusted(error: unknown): TillcastError | null {
  const fault =
    error instanceof Error && error.message === WITHOUT_TLS
      ? 'it has no TLS; switch it on there'
      : certificateFault(error, 'sslrootcert=<file> of that address');
  if (fault === null) return null;
  return new TillcastError(
    'configuration_invalid',
    `The database of DATABASE_URL cannot be reached: ${fault}.`,
    {
      cause: error,
    },
  );
}

/** Rolls back; what that failed with says that the connection is of no more use. */
async function rolledBack(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Versions stay far below 2^53, and a number is what the embedded engine gives. */
function numbersForInt8(): TypeOverrides {
  const overrides = new TypeOverrides();
  overrides.setTypeParser(types.builtins.INT8, Number);
  return overrides;
}
