import { resolve } from 'node:path';
import {
  type Environment,
  EnvironmentReader,
  type Logger,
  PlaintextRule,
  silentLogger,
} from '@tillcast/broker';
import { type DatabaseConfig, readDatabase } from '../config/database-config.ts';
import { openAsItIs } from '../database/open-database.ts';
import { linesOfBackup } from './backup-stream.ts';
import { type Restored, type RestoreOptions, restoreBackup } from './restore-backup.ts';

/** Where a restore goes: the database that a backend of this environment would use. */
export type RestoreTarget = DatabaseConfig;

/**
 * Where the environment says to restore into.
 * @returns that, and what goes there in plain text since the operator allowed it
 * @throws TillcastError `configuration_invalid`
 */
export function readRestoreTarget(environment: Environment): {
  readonly target: RestoreTarget;
  readonly plaintextWarnings: readonly string[];
} {
  const reader = new EnvironmentReader(environment);
  const production = reader.text('NODE_ENV') === 'production';
  const dataDir = resolve(reader.text('TILLCAST_DATA_DIR') ?? '.tillcast');
  const plaintext = new PlaintextRule(reader);
  const target = readDatabase(reader, { production, dataDir, plaintext });
  reader.finish('The database to restore into');
  return { target, plaintextWarnings: plaintext.warnings };
}

/**
 * Restores a backup's file; no backend may run on that database meanwhile.
 * @throws TillcastError `database_not_empty`, `backup_damaged`, `schema_newer`, `data_in_use`,
 *   `database_unavailable`; the file system's own errors
 */
export async function restoreFile(
  path: string,
  target: RestoreTarget,
  options: RestoreOptions,
  logger: Logger = silentLogger,
): Promise<Restored> {
  const location = target.engine === 'postgresql' ? { url: target.url } : { dataDir: target.dataDir };
  await using database = await openAsItIs(location, { logger });
  return await restoreBackup(database, linesOfBackup(path), options);
}
