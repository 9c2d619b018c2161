import { TillcastError } from '@tillcast/protocol/errors';
import type { Database, Session } from './database.ts';
import { type Migration, readMigrations } from './migrations.ts';
import { BECOME_OWNER } from './roles.ts';
import { command, integerColumn, statement, textColumn } from './statement.ts';

// Any constant will do, so long as every version of the program takes the same one.
const LOCK = command('lock_migrations', 'SELECT FROM pg_advisory_xact_lock(7455121802)');

const CREATE_TABLE = command(
  'create_schema_migrations',
  `CREATE TABLE IF NOT EXISTS schema_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`,
);

const LIST_APPLIED = statement<{ number: number; checksum: string }>(
  'list_applied_migrations',
  'SELECT number, checksum FROM schema_migrations ORDER BY number',
  { number: integerColumn, checksum: textColumn },
);

const RECORD = command(
  'record_migration',
  'INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)',
);

/**
 * Applies the steps that the database lacks, all or none, and gives their count. Of two programs that start
 * at once, the second waits for the first. Steps run as the user that connected, who owns the schema.
 * @throws TillcastError `schema_newer` when the database has steps that this program does not know,
 *   `schema_differs` when it has one in another form
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = readMigrations(),
): Promise<number> {
  return database.transaction((session) => migrateWithin(session, migrations));
}

/** The same as part of a transaction, which runs as the owner from here on. */
export async function migrateWithin(session: Session, migrations: readonly Migration[]): Promise<number> {
  await session.execute(BECOME_OWNER);
  await session.query(LOCK);
  await session.query(CREATE_TABLE);
  const applied = await session.query(LIST_APPLIED);
  refuseForeign(applied, migrations);
  const missing = migrations.slice(applied.length);
  for (const { number, name, checksum, script } of missing) {
    await session.execute(script);
    await session.query(RECORD, [number, name, checksum]);
  }
  return missing.length;
}

function refuseForeign(
  applied: readonly { number: number; checksum: string }[],
  migrations: readonly Migration[],
): void {
  if (applied.length > migrations.length) {
    throw new TillcastError(
      'schema_newer',
      `The database's schema is at step ${applied.length}, but this program knows only ${migrations.length}. Run the newer program, or use another database.`,
    );
  }
  for (const [index, step] of applied.entries()) {
    if (migrations[index]?.checksum === step.checksum) continue;
    throw new TillcastError(
      'schema_differs',
      `Step ${step.number} of the database's schema is not the one that this program knows. Use the program that made it, or another database.`,
    );
  }
}
