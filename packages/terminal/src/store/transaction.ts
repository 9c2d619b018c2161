import type { DatabaseSync } from 'node:sqlite';

/** A connection, as far as transactions need it. */
export type Transactional = Pick<DatabaseSync, 'exec' | 'isTransaction'>;

/** How a transaction ends, and what it came to. */
export interface Decided<T> {
  readonly commit: boolean;
  readonly result: T;
}

/** Runs `work` in a transaction: committed where it says so, rolled back where it does not or throws. */
export function inTransaction<T>(db: Transactional, work: () => Decided<T>): T {
  db.exec('begin immediate');
  try {
    const { commit, result } = work();
    db.exec(commit ? 'commit' : 'rollback');
    return result;
  } catch (error) {
    // After some errors, a full disk among them, SQLite has rolled back by itself.
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}
