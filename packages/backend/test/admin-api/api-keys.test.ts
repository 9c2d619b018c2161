import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tillcast/broker';
import { placeEmbeddedDatabase } from '@tillcast/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { countApiKeys } from '../../src/access/count-api-keys.ts';
import { API_KEY_FILE, type ApiKeyCheck, newApiKey, prepareApiKeys } from '../../src/admin-api/api-keys.ts';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { asOwner } from '../database/as-owner.ts';

let directory: string;
let dataDir: string;
let database: Database;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tillcast-keys-'));
  await placeEmbeddedDatabase(join(directory, 'database'));
  database = await openDatabase({ dataDir: join(directory, 'database') }, { logger: silentLogger });
});
afterAll(async () => {
  await database.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  dataDir = await mkdtemp(join(directory, 'data-'));
  await asOwner(database, 'DELETE FROM api_keys');
});

function prepare(given: string | null = null): Promise<ApiKeyCheck> {
  return prepareApiKeys({ database, given, dataDir, logger: silentLogger, now: () => new Date() });
}

test('at the first start a key is made, in a file for its owner alone, and the database has only its hash', async () => {
  const isApiKey = await prepare();
  const file = join(dataDir, API_KEY_FILE);
  const key = (await readFile(file, 'utf8')).trim();
  expect(key).toMatch(/^tillcast_[A-Za-z0-9_-]{43}$/);
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
  await expect(isApiKey(key)).resolves.toBe(true);
  await expect(isApiKey(`${key} `)).resolves.toBe(false);
  await expect(isApiKey('')).resolves.toBe(false);
});

test('a second start keeps the key, even where its file was taken away', async () => {
  await prepare();
  const file = join(dataDir, API_KEY_FILE);
  const key = (await readFile(file, 'utf8')).trim();
  await rm(file);
  const isApiKey = await prepare();
  await expect(isApiKey(key)).resolves.toBe(true);
  await expect(countApiKeys(database)).resolves.toBe(1);
  await expect(stat(file)).rejects.toThrow('ENOENT');
});

test('a key whose first start ended before the database knew it is taken up', async () => {
  const key = newApiKey();
  await writeFile(join(dataDir, API_KEY_FILE), `${key}\n`);
  const isApiKey = await prepare();
  await expect(isApiKey(key)).resolves.toBe(true);
});

test('a key that the operator gives is the one, and none is made or written', async () => {
  const given = 'given-by-the-operator-1234567890';
  const isApiKey = await prepare(given);
  await expect(isApiKey(given)).resolves.toBe(true);
  await expect(isApiKey('another')).resolves.toBe(false);
  await expect(countApiKeys(database)).resolves.toBe(0);
  await expect(stat(join(dataDir, API_KEY_FILE))).rejects.toThrow('ENOENT');
});
