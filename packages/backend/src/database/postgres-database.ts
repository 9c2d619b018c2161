import type { Logger } from '@tillcast/broker';
import { Pool, type PoolClient, type PoolConfig, TypeOverrides, types } from 'pg';
import type { ChannelListener, Database, LicenseDatabase, Session, TransactionOptions } from './database.ts';
import { PostgresListener } from './postgres-listener.ts';
import { translated, unavailable } from './sql-error.ts';
import type { RawRow, SqlValue, Statement } from './statement.ts';
import { beginSql } from './transaction-sql.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Longer than the server's, so that it only speaks where the network, not the statement, hangs. */
const ANSWER_TIMEOUT_MS = 35_000;

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

  constructor(options: PostgresOptions) {
    const { url, poolSize, logger } = options;
    const connection: PoolConfig = {
      connectionString: url,
      application_name: 'tillcast',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      types: numbersForInt8(),
    };
    this.#pool = new Pool({
      ...connection,
      max: poolSize,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    });
    // An idle connection that ends is dropped from the pool by itself; the next query makes a new one.
    this.#pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection ended'));
    this.#listener = new PostgresListener({ connection, logger });
  }

  async query<Row>(statement: Statement<Row>, values: readonly SqlValue[] = []): Promise<readonly Row[]> {
    const result = await this.#reach(() => this.#pool.query<RawRow>(prepared(statement, values)));
    return result.rows.map(statement.decode);
  }

  async execute(script: string): Promise<void> {
    await this.#reach(() => this.#pool.query(script));
  }

  async transaction<T>(work: (session: Session) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const client = await this.#reach(() => this.#pool.connect());
    const session = sessionOf(client);
    // While a connection is checked out, the pool does not listen for its errors; the next query tells.
    let lost: Error | undefined;
    const onError = (error: Error): void => {
      lost = error;
    };
    client.on('error', onError);
    try {
      await session.execute(beginSql(options));
      const result = await work(session);
      await session.execute('COMMIT');
      return result;
    } catch (error) {
      lost = (await rolledBack(client)) ?? lost;
      throw translated(error);
    } finally {
      client.off('error', onError);
      client.release(lost);
    }
  }

  ofLicense(_licenseId: number): LicenseDatabase {
    return this;
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

  async #reach<T>(use: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw unavailable('it has been closed');
    try {
      return await use();
    } catch (error) {
      throw translated(error);
    }
  }
}

function sessionOf(client: PoolClient): Session {
  return {
    query: async (statement, values = []) => {
      try {
        const result = await client.query<RawRow>(prepared(statement, values));
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

/** Rolls back; what that failed with says that the connection is of no more use. */
async function rolledBack(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function prepared<Row>(
  statement: Statement<Row>,
  values: readonly SqlValue[],
): { name: string; text: string; values: SqlValue[] } {
  return { name: statement.name, text: statement.text, values: [...values] };
}

/** Versions stay far below 2^53, and a number is what the embedded engine gives. */
function numbersForInt8(): TypeOverrides {
  const overrides = new TypeOverrides();
  overrides.setTypeParser(types.builtins.INT8, Number);
  return overrides;
}
