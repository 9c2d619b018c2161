import { inject } from 'vitest';
import { createDatabase, type DatabaseTemplate, type FreshDatabase } from './databases.ts';
import { askForServer } from './shared-servers.ts';

/**
 * A new PostgreSQL database on the run's shared server, empty or from a template. Within a test run only.
 * Drop it at the end, or let `await using` do it.
 */
export async function freshDatabase(template?: DatabaseTemplate): Promise<FreshDatabase> {
  const url = await askForServer(inject('sharedServersUrl'), 'postgres');
  if (typeof url !== 'string') throw new Error('The desk of shared servers gave no URL for PostgreSQL.');
  return createDatabase(url, template);
}
