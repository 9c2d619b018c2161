import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDatabase } from '@tillcast/testkit';
import type { DatabaseLocation } from '../../src/database/open-database.ts';

/** A place for a database that holds nothing yet. */
export interface EmptyPlace extends AsyncDisposable {
  readonly location: DatabaseLocation;
}

export const ENGINES: Readonly<Record<string, () => Promise<EmptyPlace>>> = {
  PostgreSQL: async () => {
    const fresh = await freshDatabase();
    return { location: { url: fresh.url }, [Symbol.asyncDispose]: () => fresh.drop() };
  },
  'the embedded engine': async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-backup-'));
    return {
      location: { dataDir },
      [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }),
    };
  },
};
