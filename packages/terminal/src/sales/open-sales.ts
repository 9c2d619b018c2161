import { closeSync, existsSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TillcastError } from '@tillcast/protocol/errors';
import { DamagedFileError, number, type SqlRow, text } from '../store/column.ts';
import { isDamaged, isLocked, isSchemaError, messageOf } from '../store/sqlite-error.ts';
import { inTransaction, type Transactional } from '../store/transaction.ts';
import { KeptTable } from './kept-table.ts';
import { OrdersTable } from './orders-table.ts';
import { OwnerTable, type SalesOwner } from './owner-table.ts';
import { SalesTable } from './sales-table.ts';
import { type Salvaged, salvageInto } from './salvage.ts';
import { SALES_APPLICATION_ID, SALES_SCHEMA, SALES_SCHEMA_VERSION } from './schema.ts';

/** The sales file in a till's folder. */
export const SALES_FILE = 'sales.sqlite';

/** The sales file, open: this process alone has it. */
export interface OpenSales {
  readonly db: Transactional & Pick<DatabaseSync, 'close'>;
  readonly owner: OwnerTable;
  readonly sales: SalesTable;
  readonly orders: OrdersTable;
  readonly kept: KeptTable;
}

/** As it was opened. */
export interface OpenSalesFile extends OpenSales {
  readonly db: DatabaseSync;
}

/** A sales file that was damaged: it is kept under another name for good, and what could be read of it is in the new one. */
export interface SalesSetAside extends Salvaged {
  readonly reason: string;
  readonly renamedTo: string;
}

/**
 * Opens a till's sales file, and makes it where it is missing. It is never thrown away: a damaged one is renamed,
 * and all that can be read of it goes into a new one. One of another terminal is renamed too, but only when the server has all
 * of its sales.
 * @throws TillcastError `unsent_sales` where it holds another terminal's sales that the server has not got, `data_in_use`,
 *   `database_unavailable`
 */
export function openSales(
  path: string,
  owner: SalesOwner,
  onSetAside: (setAside: SalesSetAside) => void,
): OpenSalesFile {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSound(path, owner);
  } catch (error) {
    if (error instanceof ForeignSalesError) {
      if (error.unsent > 0) throw foreign(path, error.unsent);
      renameAway(path, 'former');
    } else if (isDamaged(error) || isSchemaError(error)) {
      return renewed(path, owner, messageOf(error), onSetAside);
    } else if (isLocked(error)) {
      throw new TillcastError(
        'data_in_use',
        `${path} is in use by another terminal; stop that one, or set TILLCAST_DATA_DIR to another folder.`,
        { cause: error },
      );
    } else {
      throw unusable(path, error);
    }
  }
  return openSound(path, owner);
}

/** How many sales in a till's folder the server has not taken; a file that cannot be read counts as one. */
export function unsentSalesIn(dataDir: string): number {
  const path = join(dataDir, SALES_FILE);
  if (!existsSync(path)) return 0;
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { timeout: 1_000 });
    checkSchema(db);
    const { waiting, rejected } = new SalesTable(db).count();
    return waiting + rejected;
  } catch (error) {
    if (isLocked(error)) throw error;
    return 1;
  } finally {
    db?.close();
  }
}

/**
 * A till's sales file where no till runs, whosever its sales are; null where there is none.
 * @throws TillcastError `database_unavailable` where it cannot be read
 */
export function openSalesOfAnybody(dataDir: string): OpenSales | null {
  const path = join(dataDir, SALES_FILE);
  if (!existsSync(path)) return null;
  let db: DatabaseSync | null = null;
  try {
    db = openFile(path);
    configure(db);
    checkSchema(db);
    return tablesOf(db);
  } catch (error) {
    db?.close();
    throw unusable(path, error);
  }
}

/** Puts a till's sales file under another name, for good. @returns the name */
export function setSalesAside(dataDir: string): string {
  return renameAway(join(dataDir, SALES_FILE), 'exported');
}

/** The sales are another terminal's. */
class ForeignSalesError extends Error {
  override readonly name = 'ForeignSalesError';
  readonly unsent: number;

  constructor(unsent: number) {
    super('The sales in this folder are those of another terminal.');
    this.unsent = unsent;
  }
}

function openSound(path: string, owner: SalesOwner): OpenSalesFile {
  const db = openFile(path);
  try {
    configure(db);
    inTransaction(db, () => {
      if (isEmpty(db)) {
        create(db);
        new OwnerTable(db).insert(owner, 0);
      } else {
        checkSchema(db);
      }
      return { commit: true, result: null };
    });
    const tables = tablesOf(db);
    checkContent(tables);
    if (!tables.owner.isOwnedBy(owner)) {
      const { waiting, rejected } = tables.sales.count();
      throw new ForeignSalesError(waiting + rejected);
    }
    return tables;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A new file with what can be read of the old one, made beside it and put in its place whole. */
function renewed(
  path: string,
  owner: SalesOwner,
  reason: string,
  onSetAside: (setAside: SalesSetAside) => void,
): OpenSalesFile {
  const renamedTo = renameAway(path, 'damaged');
  const db = openFile(path);
  try {
    configure(db);
    const salvaged = inTransaction(db, () => {
      create(db);
      return { commit: true, result: salvageInto(db, renamedTo, owner) };
    });
    onSetAside({ ...salvaged, reason, renamedTo });
    return tablesOf(db);
  } catch (error) {
    db.close();
    throw unusable(path, error);
  }
}

/** Read and written by its owner alone; what SQLite keeps beside it has the same rights. */
function openFile(path: string): DatabaseSync {
  closeSync(openSync(path, 'a', 0o600));
  return new DatabaseSync(path, { timeout: 1_000 });
}

function configure(db: DatabaseSync): void {
  // Full: what was told to be saved is on the disk, whatever happens to the power.
  db.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full');
}

function create(db: DatabaseSync): void {
  db.exec(SALES_SCHEMA);
  db.exec(`pragma application_id = ${SALES_APPLICATION_ID}; pragma user_version = ${SALES_SCHEMA_VERSION}`);
}

function tablesOf(db: DatabaseSync): OpenSalesFile {
  return {
    db,
    owner: new OwnerTable(db),
    sales: new SalesTable(db),
    orders: new OrdersTable(db),
    kept: new KeptTable(db),
  };
}

function isEmpty(db: DatabaseSync): boolean {
  return number(one(db, 'select count(*) as n from sqlite_schema'), 'n') === 0;
}

function checkSchema(db: DatabaseSync): void {
  if (number(one(db, 'pragma application_id'), 'application_id') !== SALES_APPLICATION_ID)
    throw new DamagedFileError('It is a SQLite file of another program.');
  const version = number(one(db, 'pragma user_version'), 'user_version');
  if (version > SALES_SCHEMA_VERSION) {
    throw new TillcastError(
      'schema_newer',
      `The sales file is of a newer program (schema ${version}): start that program, or its successor.`,
    );
  }
  const integrity = text(one(db, 'pragma integrity_check(1)'), 'integrity_check');
  if (integrity !== 'ok') throw new DamagedFileError(`It is damaged: ${integrity}`);
}

/** Everything that is to be sent or paid can be read; what the server has is looked at when it is asked for. */
function checkContent({ sales, orders }: OpenSales): void {
  sales.selectUnsent();
  orders.selectAll();
}

function one(db: DatabaseSync, sql: string): SqlRow {
  const row = db.prepare(sql).get();
  if (row === undefined) throw new DamagedFileError(`The sales file gave no answer to "${sql}".`);
  return row;
}

/** Under another name, with what SQLite keeps beside it. @returns the name */
function renameAway(path: string, why: 'damaged' | 'former' | 'exported'): string {
  const target = `${path}.${why}-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  renameSync(path, target);
  for (const suffix of ['-wal', '-shm', '-journal']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);
  }
  return target;
}

function foreign(path: string, unsent: number): TillcastError {
  return new TillcastError(
    'unsent_sales',
    `${path} holds ${unsent} ${unsent === 1 ? 'sale' : 'sales'} of another terminal that the server has not got. Start the till as that terminal until they are sent, or set TILLCAST_DATA_DIR to another folder.`,
  );
}

function unusable(path: string, error: unknown): TillcastError {
  if (error instanceof TillcastError) return error;
  return new TillcastError(
    'database_unavailable',
    `The till's sales file ${path} can be neither opened nor made: ${messageOf(error)}. Check the folder's permissions and the disk's free space.`,
    { cause: error },
  );
}
