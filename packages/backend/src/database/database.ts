import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { SqlValue, Statement } from './statement.ts';

/** Where statements run: a database by itself (each statement its own transaction), or one transaction. */
export interface Session {
  /**
   * Runs one statement and gives its rows.
   * @throws TillcastError `database_unavailable` when the database cannot be reached; of a writing statement
   *   it is then not known whether it was done. The driver's own error for what the database refuses.
   */
  query<Row>(statement: Statement<Row>, values?: readonly SqlValue[]): Promise<readonly Row[]>;
  /** Runs several statements without values, such as a migration's. */
  execute(script: string): Promise<void>;
}

/** A transaction that is open. */
export interface Transaction extends Session {
  /**
   * Runs its last statement and commits, in one round trip; nothing may be asked after it. Where the statement
   * fails, nothing of the transaction is done.
   */
  readonly queryAndCommit: Session['query'];
}

/** How a transaction behaves; PostgreSQL's defaults where left out. */
export interface TransactionOptions {
  /** `repeatable read`: everything is read as of one moment. */
  readonly isolation?: 'read committed' | 'repeatable read';
  readonly readOnly?: boolean;
  /** False: do not wait for the disk. A crash of the server may then lose it, never tear it. */
  readonly synchronousCommit?: boolean;
}

/**
 * One license's data, and no other's. Everything runs as the role `tillcast_app` under forced row-level
 * security: of every table with a license's data there are only this license's rows, whatever a statement asks
 * for; a row of another license can neither be inserted nor made of one of these (SQLSTATE 42501). Role and
 * license last as long as the transaction. Tables of no license (keys, leases, broadcasts …) are closed.
 */
export interface LicenseDatabase {
  /** One statement, in a transaction of its own; one round trip, as the system's. */
  query: Session['query'];
  /** As the database's own `transaction`, with nothing but this license's rows to be seen or written. */
  transaction<T>(work: (session: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
}

/** Told of a channel's notifications. */
export interface ChannelListener {
  readonly onNotification: (payload: string) => void;
  /** The listening connection was lost and is back: notifications may have been missed meanwhile. */
  readonly onMissed: () => void;
}

/**
 * PostgreSQL, as a server or embedded, with the schema of this program: one dialect, one behaviour, one
 * contract suite.
 *
 * Promised: what `transaction` resolved with is committed; a notification sent in a transaction comes after
 * its commit, to every listener of every process, or `onMissed` does. Not promised: durability of the
 * embedded engine against a power cut (its fsync does nothing), and notifications without listeners.
 *
 * Its own `query`, `execute` and `transaction` run as the role `tillcast_system`, for what concerns no license
 * or all of them: leases, the relay, keys, operators' lists, finding the license that somebody names. It sees
 * no items, and of each table it may do what the migrations grant it (else SQLSTATE 42501). What touches one
 * license's rows goes through `ofLicense`.
 */
export interface Database extends Session, AsyncDisposable {
  readonly engine: 'postgresql' | 'embedded';
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. Use only the
   * session that is handed in: the embedded engine has one connection, and the database itself would wait
   * for this very transaction.
   */
  transaction<T>(work: (session: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * The rows of one license alone; cheap, keeps nothing.
   * @param license its id or its key; with one that nobody has there are no rows
   */
  ofLicense(license: number | LicenseKey): LicenseDatabase;
  /** Listens on a channel until the returned function is called. */
  listen(channel: string, listener: ChannelListener): Promise<() => Promise<void>>;
  /** Waits for what is under way, then disconnects. Safe to call more than once. */
  close(): Promise<void>;
}
