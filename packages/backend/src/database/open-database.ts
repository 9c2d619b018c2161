import type { Logger } from '@tillcast/broker';
import type { Database } from './database.ts';
import { EmbeddedDatabase } from './embedded-database.ts';
import { migrate } from './migrate.ts';
import { PostgresDatabase } from './postgres-database.ts';

/** A PostgreSQL server, or a directory for the embedded engine, made where it is missing. */
export type DatabaseLocation = { readonly url: string } | { readonly dataDir: string };

export interface DatabaseOptions {
  readonly logger: Logger;
  /** Connections to a server at most. */
  readonly poolSize?: number;
}

/**
 * Opens a database and brings its schema up to date.
 * @throws TillcastError `database_unavailable`, `configuration_invalid`, `data_in_use`, `schema_newer`,
 *   `schema_differs`
 */
export async function openDatabase(location: DatabaseLocation, options: DatabaseOptions): Promise<Database> {
  const { logger } = options;
  const database = await openAsItIs(location, options);
  try {
    const applied = await migrate(database);
    if (applied > 0)
      logger.info({ engine: database.engine, applied }, 'the database schema was brought up to date');
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Opens a database and leaves its schema as it is: for a restore, which begins with none. */
export function openAsItIs(location: DatabaseLocation, options: DatabaseOptions): Promise<Database> {
  const { logger, poolSize = 10 } = options;
  return 'url' in location
    ? PostgresDatabase.open({ url: location.url, poolSize, logger })
    : EmbeddedDatabase.open(location.dataDir);
}
