import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@tillcast/broker';
import { addApiKey } from '../access/add-api-key.ts';
import { countApiKeys } from '../access/count-api-keys.ts';
import { isApiKey } from '../access/is-api-key.ts';
import type { Database } from '../database/database.ts';

/** The file in the data directory that holds the key made at the first start. */
export const API_KEY_FILE = 'admin-api-key';

const KEY_BYTES = 32;

/** Says whether a key opens the admin API. */
export type ApiKeyCheck = (key: string) => Promise<boolean>;

/** A new key: 256 random bits. */
export function newApiKey(): string {
  return `tillcast_${randomBytes(KEY_BYTES).toString('base64url')}`;
}

/**
 * Makes sure that there is a key, and says how keys are checked. Where the operator gives none and the
 * database knows none, one is made and written to `<data dir>/admin-api-key`, readable by its owner alone;
 * the database keeps only its hash.
 */
export async function prepareApiKeys(options: {
  readonly database: Database;
  /** The key that the operator gave; null for none. */
  readonly given: string | null;
  readonly dataDir: string;
  readonly logger: Logger;
  readonly now: () => Date;
}): Promise<ApiKeyCheck> {
  const { database, given, dataDir, logger, now } = options;
  const file = join(dataDir, API_KEY_FILE);
  if (given === null && (await countApiKeys(database)) === 0) {
    // A key that is there already was written by a start that ended before it could be kept.
    const key = (await readKeyFile(file)) ?? (await writeKeyFile(file, newApiKey()));
    await addApiKey(database, key, 'first start', { now });
    logger.info({ file }, 'An admin API key was made; it is in this file');
  }
  const givenHash = given === null ? null : sha256(given);
  return async (key) => {
    if (givenHash !== null && timingSafeEqual(sha256(key), givenHash)) return true;
    return isApiKey(database, key);
  };
}

async function readKeyFile(file: string): Promise<string | null> {
  try {
    const key = (await readFile(file, 'utf8')).trim();
    return key.length > KEY_BYTES ? key : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all: a half-written key would lock its owner out. */
async function writeKeyFile(file: string, key: string): Promise<string> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${key}\n`, { mode: 0o600, flush: true });
  await rename(draft, file);
  return key;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
