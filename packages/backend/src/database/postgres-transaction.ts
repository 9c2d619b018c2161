import type { ClientBase } from 'pg';
import type { Session, Transaction, TransactionOptions } from './database.ts';
import { preparedQuery, rowsOf } from './postgres-session.ts';
import { LICENSE_ROLE } from './roles.ts';
import { translated } from './sql-error.ts';
import type { RawRow } from './statement.ts';
import { beginSql, type Entry } from './transaction-sql.ts';

/**
 * A transaction on one connection. Its BEGIN travels with the first statement and its COMMIT, where asked for, with
 * the last one: a small commit is two round trips in the place of four.
 *
 * What is asked after an entry that failed, PostgreSQL refuses (25P02). A BEGIN fails where the connection has ended,
 * or where the server's time limit called it off: then the statement after it is the system's, to which a license's
 * items are closed, and whoever asked is told that the BEGIN failed.
 */
export class PostgresTransaction implements Transaction {
  readonly #client: ClientBase;
  readonly #role: string | undefined;
  readonly #begun: Promise<unknown>;
  #committed = false;

  /** @param entry into the license whose transaction it is; left out, it is the system's */
  constructor(client: ClientBase, options: TransactionOptions, entry?: Entry) {
    this.#client = client;
    this.#role = entry === undefined ? undefined : LICENSE_ROLE;
    const begun = client.query(beginSql(options));
    const entered = entry === undefined ? begun : client.query(preparedQuery(entry.statement, entry.values));
    this.#begun = Promise.all([begun, entered]);
    // It is told to whoever asks a statement, or commits.
    this.#begun.catch(() => undefined);
  }

  query: Session['query'] = async (statement, values = []) => {
    const asked = this.#client.query<RawRow>(preparedQuery(statement, values, this.#role));
    return rowsOf(statement, await this.#afterBegin(asked));
  };

  queryAndCommit: Session['query'] = async (statement, values = []) => {
    const asked = this.#client.query<RawRow>(preparedQuery(statement, values, this.#role));
    // Where the statement fails, the COMMIT rolls back.
    const [result] = await this.#afterBegin(Promise.all([asked, this.commit()]));
    return rowsOf(statement, result);
  };

  execute: Session['execute'] = async (script) => {
    await this.#afterBegin(this.#client.query(script));
  };

  /** Commits, unless that was done with the last statement. */
  async commit(): Promise<void> {
    if (this.#committed) return;
    this.#committed = true;
    const { command } = await this.#afterBegin(this.#client.query('COMMIT'));
    // So answers a transaction in which a statement failed, whoever caught that.
    if (command !== 'COMMIT')
      throw new Error('The transaction was rolled back: one of its statements had failed.');
  }

  /** What was asked, unless the transaction was never begun. */
  async #afterBegin<T>(asked: Promise<T>): Promise<T> {
    try {
      const [result] = await Promise.all([asked, this.#begun]);
      return result;
    } catch (error) {
      throw translated(error);
    }
  }
}
