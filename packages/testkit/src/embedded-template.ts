import { constants } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@tillcast/backend/internals';
import { silentLogger } from '@tillcast/broker';
import { inject } from 'vitest';
import { askForServer, type StartedServer } from './shared-servers.ts';

/** Makes an embedded database with its schema and nothing else, to be copied. */
export async function makeEmbeddedTemplate(): Promise<StartedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-embedded-'));
  const database = await openDatabase({ dataDir: folder }, { logger: silentLogger });
  await database.close();
  return { address: folder, stop: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * Puts an empty embedded database with its schema at a directory that is not there yet. Within a test run only. To make one
 * anew takes 4 s of one core, this 0.5 s: for tests that are about something else.
 */
export async function placeEmbeddedDatabase(directory: string): Promise<void> {
  const template = await askForServer(inject('sharedServersUrl'), 'embedded');
  if (typeof template !== 'string') throw new Error('The desk of shared servers gave no folder.');
  await cp(template, directory, {
    recursive: true,
    errorOnExist: true,
    force: false,
    mode: constants.COPYFILE_FICLONE,
  });
}
