import { TillcastError } from '@tillcast/protocol/errors';
import { appendAudit } from '../audit/append-audit.ts';
import { newEpoch } from '../catalog/new-epoch.ts';
import type { Database, Session } from '../database/database.ts';
import { migrateWithin } from '../database/migrate.ts';
import { readMigrations } from '../database/migrations.ts';
import { codeOf } from '../database/sql-error.ts';
import {
  booleanColumn,
  command,
  integerColumn,
  type Statement,
  statement,
  textColumn,
} from '../database/statement.ts';
import { type BackupHeader, type BackupRow, damaged, readBackup } from './backup-file.ts';
import { BACKUP_TABLES } from './backup-tables.ts';
import { DigestCheck } from './digest-check.ts';

const ROWS_AT_ONCE = 1_000;

/** What was restored. */
export interface Restored {
  readonly takenAt: string;
  readonly licenses: number;
  readonly rows: number;
}

/** What may be left out of a restore. */
export interface RestoreOptions {
  /** Do not restore the signing keys, which are of no use without the secret key that sealed them. */
  readonly withoutKeys?: boolean;
  readonly now: () => Date;
}

/**
 * Puts a backup into a database that holds nothing yet, all of it or nothing, and gives each license a new
 * epoch: what its tills hold may be of the time after the backup, so each takes the snapshot. What waited to be
 * published at the time of the backup is not: it is in the snapshot.
 * @param lines of the backup, decompressed
 * @throws TillcastError `database_not_empty`, `backup_damaged`, `schema_newer`
 */
export async function restoreBackup(
  database: Database,
  lines: AsyncIterable<string>,
  options: RestoreOptions,
): Promise<Restored> {
  const { header, rows } = await readBackup(lines);
  const migrations = readMigrations();
  if (header.schema > migrations.length) {
    throw new TillcastError(
      'schema_newer',
      `The backup was made at step ${header.schema} of the schema, and this program knows only ${migrations.length}. Restore it with the newer program. Nothing was restored.`,
    );
  }
  return database.transaction(async (session) => {
    await refuseUnlessEmpty(session);
    await migrateWithin(session, migrations.slice(0, header.schema));
    const count = await insertAll(session, rows, options);
    await session.query(RENEW_EPOCHS, await newEpochs(session));
    await session.query(MARK_ALL_PUBLISHED);
    await migrateWithin(session, migrations);
    return ended(session, header, count, options.now());
  });
}

const HAS_SCHEMA = statement<{ there: boolean }>(
  'has_schema',
  "SELECT to_regclass('schema_migrations') IS NOT NULL AS there",
  { there: booleanColumn },
);

async function refuseUnlessEmpty(session: Session): Promise<void> {
  const [schema] = await session.query(HAS_SCHEMA);
  if (schema?.there !== true) return;
  throw new TillcastError(
    'database_not_empty',
    'The database holds a Tillcast already, and a restore replaces nothing. Restore into an empty one: make another PostgreSQL database and name it in DATABASE_URL, or move the folder of the embedded one away.',
  );
}

const FIND_FORCED = statement<{ name: string }>(
  'find_forced_tables',
  `SELECT quote_ident(relname) AS name FROM pg_catalog.pg_class
  WHERE relforcerowsecurity AND relnamespace = current_schema()::regnamespace`,
  { name: textColumn },
);

/** The rows are inserted by the owner of the tables, for whom there is no policy; nobody sees this before its end. */
async function insertAll(
  session: Session,
  rows: AsyncGenerator<BackupRow>,
  options: RestoreOptions,
): Promise<number> {
  const forced = await session.query(FIND_FORCED);
  for (const { name } of forced) await session.execute(`ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY`);
  await session.execute(BEFORE_AUDIT);
  const digests = new DigestCheck();
  let count = 0;
  for await (const { table, texts } of batches(rows)) {
    const insert = INSERTS.get(table);
    if (insert === undefined)
      throw damaged(`it has a table that this program does not know, ${JSON.stringify(table)}`);
    if (options.withoutKeys === true && table === 'signing_keys') continue;
    digests.add(table, texts);
    try {
      await session.query(insert, [`[${texts.join(',')}]`]);
    } catch (error) {
      // Class 22 is a value that is none of its type, class 23 a constraint.
      if (/^2[23]/.test(codeOf(error) ?? '')) throw damaged(`a row of ${table} cannot be one`, error);
      throw error;
    }
    count += texts.length;
  }
  digests.end();
  await session.execute(AFTER_AUDIT);
  for (const { name } of forced) await session.execute(`ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`);
  for (const { name, identity } of BACKUP_TABLES) {
    if (identity !== undefined) await session.execute(nextIdentity(name, identity));
  }
  return count;
}

/** The migrations put an empty log's head there, and let nobody move it by more than one. */
const BEFORE_AUDIT = `
ALTER TABLE audit_head DISABLE TRIGGER one_head;
DELETE FROM audit_head`;

const AFTER_AUDIT = 'ALTER TABLE audit_head ENABLE ALWAYS TRIGGER one_head';

const INSERTS: ReadonlyMap<string, Statement<Record<never, never>>> = new Map(
  BACKUP_TABLES.map(({ name }) => [
    name,
    command(
      `restore_${name}`,
      `INSERT INTO ${name} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::${name}, $1::json)`,
    ),
  ]),
);

function nextIdentity(table: string, column: string): string {
  return `SELECT setval(pg_get_serial_sequence('${table}', '${column}'), (SELECT coalesce(max(${column}), 0) + 1 FROM ${table}), false)`;
}

/** Rows of one table, up to a thousand. */
async function* batches(
  rows: AsyncGenerator<BackupRow>,
): AsyncGenerator<{ readonly table: string; readonly texts: readonly string[] }> {
  let table: string | null = null;
  let texts: string[] = [];
  for await (const row of rows) {
    if (table !== null && (row.table !== table || texts.length === ROWS_AT_ONCE)) {
      yield { table, texts };
      texts = [];
    }
    table = row.table;
    texts.push(row.row);
  }
  if (table !== null) yield { table, texts };
}

const LIST_IDS = statement<{ id: number }>(
  'list_restored_licenses',
  'SELECT license_id AS id FROM catalogs',
  {
    id: integerColumn,
  },
);

const RENEW_EPOCHS = command(
  'renew_epochs',
  `UPDATE catalogs SET epoch = renewed.epoch
  FROM unnest($1::integer[], $2::text[]) AS renewed (license_id, epoch)
  WHERE catalogs.license_id = renewed.license_id`,
);

async function newEpochs(session: Session): Promise<[number[], string[]]> {
  const ids = (await session.query(LIST_IDS)).map(({ id }) => id);
  return [ids, ids.map(newEpoch)];
}

const MARK_ALL_PUBLISHED = command(
  'mark_all_published',
  `UPDATE publications SET published_version = catalogs.version
  FROM catalogs WHERE catalogs.license_id = publications.license_id`,
);

async function ended(session: Session, header: BackupHeader, rows: number, at: Date): Promise<Restored> {
  const { taken_at: takenAt, licenses } = header;
  const detail = { taken_at: takenAt, licenses, rows };
  await appendAudit(session, { actor: 'operator', act: 'backup.restored', subject: null, detail }, at);
  return { takenAt, licenses, rows };
}
