import type { Database, Session } from '../database/database.ts';
import { readMigrations } from '../database/migrations.ts';
import { LICENSE_ROLE, SYSTEM_ROLE } from '../database/roles.ts';
import { integerColumn, statement, textColumn } from '../database/statement.ts';
import { BACKUP_FORMAT, BackupWriter } from './backup-file.ts';
import { BACKUP_TABLES } from './backup-tables.ts';

const ROWS_AT_ONCE = 2_000;

const FETCH = statement<{ row: string }>('fetch_backup_rows', `FETCH ${ROWS_AT_ONCE} FROM backup_rows`, {
  row: textColumn,
});

const LIST_IDS = statement<{ id: number }>('list_license_ids', 'SELECT id FROM licenses ORDER BY id', {
  id: integerColumn,
});

/**
 * Hands out the lines of a backup of everything that the database holds at one moment, while all others go on
 * writing.
 *
 * It reads as everybody else does: the system's tables as the system, a license's rows as that license; no
 * role looks past row-level security for it. The transaction lasts until the last line is taken.
 */
export async function readTables(
  database: Database,
  takenAt: Date,
  take: (line: string) => Promise<void> | void,
): Promise<{ readonly rows: number; readonly licenses: number }> {
  return database.transaction(
    async (session) => {
      const licenses = await session.query(LIST_IDS);
      const writer = new BackupWriter();
      let rows = 0;
      await take(
        writer.header({
          format: BACKUP_FORMAT,
          schema: readMigrations().length,
          taken_at: takenAt.toISOString(),
          licenses: licenses.length,
        }),
      );
      for (const { name, readBy } of BACKUP_TABLES) {
        await take(writer.table(name));
        const readers = readBy === 'system' ? [BECOME_SYSTEM] : licenses.map(({ id }) => becomeLicense(id));
        for (const become of readers) {
          await session.execute(become);
          for await (const row of rowsOf(session, name)) {
            rows += 1;
            await take(writer.row(row));
          }
        }
      }
      await take(writer.end());
      return { rows, licenses: licenses.length };
    },
    { isolation: 'repeatable read', readOnly: true },
  );
}

const BECOME_SYSTEM = `SET LOCAL ROLE ${SYSTEM_ROLE}`;

function becomeLicense(id: number): string {
  return `SET LOCAL ROLE ${LICENSE_ROLE}; SELECT set_config('tillcast.license_id', '${id}', true)`;
}

async function* rowsOf(session: Session, table: string): AsyncGenerator<string> {
  await session.execute(
    `DECLARE backup_rows NO SCROLL CURSOR FOR SELECT row_to_json(t)::text AS row FROM ${table} t`,
  );
  for (let rows = await session.query(FETCH); rows.length > 0; rows = await session.query(FETCH)) {
    for (const { row } of rows) yield row;
  }
  await session.execute('CLOSE backup_rows');
}
