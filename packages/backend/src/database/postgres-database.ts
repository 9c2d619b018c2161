import { certificateFault, type Logger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { Client, type ClientBase, type ClientConfig, Pool, type PoolClient, TypeOverrides, types } from 'pg';
import type { ChannelListener, Database, LicenseDatabase, Session, TransactionOptions } from './database.ts';
import { PostgresListener } from './postgres-listener.ts';
import { BECOME_SYSTEM, ensureRoles, LICENSE_ROLE } from './roles.ts';
import { translated, unavailable } from './sql-error.ts';
import type { RawRow, SqlValue, Statement } from './statement.ts';
import { beginLicenseSql, beginSql } from './transaction-sql.ts';

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
    const result = await this.#reach(() => this.#pool.query<RawRow>(prepared(statement, values)));
    return result.rows.map(statement.decode);
  }

  async execute(script: string): Promise<void> {
    await this.#reach(() => this.#pool.query(script));
  }

  transaction<T>(work: (session: Session) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#transaction(beginSql(options), async (client) => {
      const result = await work(sessionOf(client));
      await committed(client);
      return result;
    });
  }

  ofLicense(license: number | LicenseKey): LicenseDatabase {
    return {
      query: async (statement, values = []) =>
        this.#transaction(beginLicenseSql(license, {}), async (client) => {
          // Both at once. Where the statement fails, the COMMIT rolls back.
          const [rows] = await Promise.all([
            client.query<RawRow>(prepared(statement, values, LICENSE_ROLE)),
            committed(client),
          ]);
          return rows.rows.map(statement.decode);
        }),
      transaction: async (work, options = {}) =>
        this.#transaction(beginLicenseSql(license, options), async (client) => {
          const result = await work(sessionOf(client, LICENSE_ROLE));
          await committed(client);
          return result;
        }),
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

  /** @param work commits at its end */
  async #transaction<T>(begin: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#reach(() => this.#pool.connect());
    // While a connection is checked out, the pool does not listen for its errors; the next query tells.
    let lost: Error | undefined;
    const onError = (error: Error): void => {
      lost = error;
    };
    client.on('error', onError);
    try {
      await client.query(begin);
      return await work(client);
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

function sessionOf(client: ClientBase, role?: string): Session {
  return {
    query: async (statement, values = []) => {
      try {
        const result = await client.query<RawRow>(prepared(statement, values, role));
        return result.rows.map(statement.decode);
      } catch (error) {
        throw translated(error);
      }
    },
    execute: async (script) => {
      try {
        await client.query(script);
      } catch (error) {
        throw translated(error);
      }
    },
  };
}

/** Commits. A transaction in which a statement failed, whoever caught that, answers with ROLLBACK instead. */
async function committed(client: PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT')
    throw new Error('The transaction was rolled back: one of its statements had failed.');
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

/**
 * @param role whose the statement is, where not the system's: a plan under row-level security is made for one
 *   role, and would be made anew each time another one uses it
 */
function prepared<Row>(
  statement: Statement<Row>,
  values: readonly SqlValue[],
  role?: string,
): { name: string; text: string; values: SqlValue[] } {
  const name = role === undefined ? statement.name : `${statement.name} ${role}`;
  return { name, text: statement.text, values: [...values] };
}

/** Versions stay far below 2^53, and a number is what the embedded engine gives. */
function numbersForInt8(): TypeOverrides {
  const overrides = new TypeOverrides();
  overrides.setTypeParser(types.builtins.INT8, Number);
  return overrides;
}
