import type { DatabaseSync } from 'node:sqlite';
import type { OpenSales } from '@tillcast/terminal/internals';
import type { CommitFate } from './till-store.ts';

/** SQLite's result code for a disk without room. */
const SQLITE_FULL = 13;

export interface SalesDiskOptions {
  /** Of the next commit. */
  readonly fate: () => CommitFate;
  readonly isAlive: () => boolean;
  readonly crash: () => void;
  readonly onCommitted: () => void;
}

/** The till has died meanwhile: nobody hears of it. */
export class SimulatedDeath extends Error {
  override readonly name = 'SimulatedDeath';
}

/** A till's connection to its real sales file, on a disk that fills and under a power that fails. */
export class SalesDisk implements Pick<OpenSales['db'], 'exec' | 'close' | 'isTransaction'> {
  readonly #db: DatabaseSync;
  readonly #options: SalesDiskOptions;

  constructor(db: DatabaseSync, options: SalesDiskOptions) {
    this.#db = db;
    this.#options = options;
  }

  get isTransaction(): boolean {
    return this.#db.isTransaction;
  }

  exec(sql: string): void {
    const { fate, isAlive, crash, onCommitted } = this.#options;
    if (!isAlive() && sql !== 'rollback') throw new SimulatedDeath('The simulated till is dead.');
    if (sql !== 'commit') return this.#db.exec(sql);
    const becomes = fate();
    if (becomes === 'full') {
      throw Object.assign(new Error('database or disk is full'), { errcode: SQLITE_FULL });
    }
    if (becomes === 'crashBefore') {
      crash();
      throw new SimulatedDeath('The simulated till died before a commit.');
    }
    this.#db.exec(sql);
    if (becomes === 'crashAfter') crash();
    return onCommitted();
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
