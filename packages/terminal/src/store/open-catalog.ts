import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DigestSum, EMPTY_DIGEST, rowDigest } from '@tillcast/protocol/digest';
import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { ActivityTable } from './activity-table.ts';
import { DamagedFileError, number, type SqlRow, text } from './column.ts';
import { ItemsTable } from './items-table.ts';
import { MetaTable } from './meta-table.ts';
import { NoticesTable } from './notices-table.ts';
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './schema.ts';
import { isDamaged, isLocked, isSchemaError, messageOf } from './sqlite-error.ts';

/** The catalog file, open: this process alone has it. */
export interface OpenCatalog {
  readonly db: DatabaseSync;
  readonly meta: MetaTable;
  readonly items: ItemsTable;
  readonly activity: ActivityTable;
  readonly notices: NoticesTable;
  /** What of its content was found to be not as it was written. */
  readonly doubt: Doubt;
}

/** Where the texts in a file are not what they were, though the file is whole: it can be mended. */
export interface Doubt {
  /** Whether the rows are not those of the cursor. */
  readonly isSuspect: boolean;
  /** The rows that are known to be wrong, by `keyOfRow`. */
  readonly wrong: ReadonlySet<string>;
}

/** Names a row. */
export function keyOfRow(kind: string, id: string): string {
  return `${kind}\0${id}`;
}

/** A file that could not be used and was renamed. */
export interface SetAside {
  readonly reason: string;
  readonly renamedTo: string;
}

/** The catalog's file in a till's folder. */
export const CATALOG_FILE = 'catalog.sqlite';

/** How many files that were set aside are kept: enough to look into one, too few to fill a disk. */
const SET_ASIDE_KEPT = 2;

/**
 * Opens the catalog file for a license, and makes it where it is missing. A file that is damaged, of another
 * program, of another schema or of another license is renamed and begun anew: everything in it can be asked
 * for again.
 * @throws TillcastError `data_in_use` where another process has it open, `database_unavailable` where it
 *   can be neither opened nor made
 */
export function openCatalog(
  path: string,
  licenseKey: LicenseKey,
  onSetAside: (setAside: SetAside) => void,
): OpenCatalog {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSound(path, licenseKey);
  } catch (error) {
    if (isLocked(error)) {
      throw new TillcastError(
        'data_in_use',
        `${path} is in use by another terminal; stop that one, or set TILLCAST_DATA_DIR to another folder.`,
        { cause: error },
      );
    }
    // A full disk or a missing permission says nothing against the file: a till may live on it for days.
    if (!isDamaged(error) && !isSchemaError(error)) throw unusable(path, error);
    onSetAside({ reason: messageOf(error), renamedTo: setAside(path) });
  }
  try {
    return openSound(path, licenseKey);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Opens the file and checks all of it; throws on the first thing that is not as it should be. */
function openSound(path: string, licenseKey: LicenseKey): OpenCatalog {
  const db = new DatabaseSync(path, { timeout: 1_000 });
  try {
    // Exclusive: a second process on the same file would hold a cursor of its own in its memory.
    db.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = normal');
    db.exec('begin immediate');
    if (isEmpty(db)) {
      db.exec(SCHEMA);
      db.exec(`pragma application_id = ${APPLICATION_ID}; pragma user_version = ${SCHEMA_VERSION}`);
      new MetaTable(db).insert(licenseKey);
    } else {
      checkSchema(db);
    }
    db.exec('commit');
    const tables = {
      db,
      meta: new MetaTable(db),
      items: new ItemsTable(db),
      activity: new ActivityTable(db),
      notices: new NoticesTable(db),
    };
    return { ...tables, doubt: checkContent(tables, licenseKey) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function isEmpty(db: DatabaseSync): boolean {
  return number(one(db, 'select count(*) as n from sqlite_schema'), 'n') === 0;
}

function checkSchema(db: DatabaseSync): void {
  const applicationId = number(one(db, 'pragma application_id'), 'application_id');
  if (applicationId !== APPLICATION_ID) throw new DamagedFileError('It is a SQLite file of another program.');
  const version = number(one(db, 'pragma user_version'), 'user_version');
  if (version !== SCHEMA_VERSION)
    throw new DamagedFileError(`Its schema is ${version} and not ${SCHEMA_VERSION}.`);
  const integrity = text(one(db, 'pragma integrity_check(1)'), 'integrity_check');
  if (integrity !== 'ok') throw new DamagedFileError(`It is damaged: ${integrity}`);
}

/**
 * Whether every row is what its digest says, and all together are what the cursor says (P4). 100,000 rows take about
 * 0.3 s. A text that has changed is no reason to begin with nothing: it is found, not shown, and asked for again.
 */
function checkContent(
  { meta, items, activity, notices }: Omit<OpenCatalog, 'doubt'>,
  licenseKey: LicenseKey,
): Doubt {
  const known = meta.select();
  if (known === null) throw new DamagedFileError('It does not say whose catalog it holds.');
  if (known.licenseKey !== licenseKey)
    throw new DamagedFileError(`It holds the catalog of ${known.licenseKey}.`);
  const sum = new DigestSum();
  const wrong = new Set<string>();
  for (const { kind, id, body, digest } of items.iterateAll()) {
    const actual = rowDigest(kind, id, body);
    if (actual !== digest) wrong.add(keyOfRow(kind, id));
    sum.add(actual);
  }
  const expected = known.cursor?.digest ?? EMPTY_DIGEST;
  if (known.cursor === null && sum.toString() !== expected)
    throw new DamagedFileError('It holds rows and does not say of which version.');
  activity.selectNewest(Number.MAX_SAFE_INTEGER);
  notices.select('');
  return { isSuspect: wrong.size > 0 || sum.toString() !== expected, wrong };
}

function one(db: DatabaseSync, sql: string): SqlRow {
  const row = db.prepare(sql).get();
  if (row === undefined) throw new Error(`The till's catalog file gave no answer to "${sql}".`);
  return row;
}

/** Renames the file and its log out of the way, and lets go of the oldest that were. */
export function setAside(path: string): string {
  const folder = dirname(path);
  const prefix = `${basename(path)}.set-aside-`;
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const target = join(folder, `${prefix}${stamp}`);
  renameSync(path, target);
  for (const suffix of ['-wal', '-shm', '-journal']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);
  }
  const kept = readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && !/-(wal|shm|journal)$/.test(name))
    .toSorted();
  for (const name of kept.slice(0, -SET_ASIDE_KEPT)) {
    for (const suffix of ['', '-wal', '-shm', '-journal'])
      rmSync(join(folder, name + suffix), { force: true });
  }
  return target;
}

function unusable(path: string, error: unknown): TillcastError {
  return new TillcastError(
    'database_unavailable',
    `The till's catalog file ${path} can be neither opened nor made: ${messageOf(error)}. Check the folder's permissions and the disk's free space.`,
    { cause: error },
  );
}
