import { existsSync } from 'node:fs';
import { createDatabase, databaseUrl, freshDatabase, startPrivatePostgres } from '@tillcast/testkit';
import { Client } from 'pg';
import { expect, test } from 'vitest';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows;
  } finally {
    await client.end();
  }
}

test('a private cluster runs with fsync on, on the loopback address alone, and is gone after stop', async () => {
  const postgres = await startPrivatePostgres();
  expect(await query(postgres.url, 'SHOW fsync')).toEqual([['on']]);
  expect(await query(postgres.url, 'SHOW listen_addresses')).toEqual([['127.0.0.1']]);
  const [[folder]] = (await query(postgres.url, 'SHOW data_directory')) as [[string]];
  expect(existsSync(folder)).toBe(true);
  await postgres.stop();
  await postgres.stop();
  expect(existsSync(folder)).toBe(false);
  expect(existsSync(`/proc/${postgres.pid}`)).toBe(false);
  await expect(query(postgres.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
});

test('a private cluster takes settings, and ends sessions that are still open', async () => {
  const postgres = await startPrivatePostgres({ fsync: false, settings: { work_mem: '8MB' } });
  const session = new Client({ connectionString: postgres.url });
  const ended = new Promise<Error>((resolve) => session.on('error', resolve));
  await session.connect();
  const { rows } = await session.query("SELECT current_setting('fsync'), current_setting('work_mem')");
  expect(rows).toEqual([{ current_setting: '8MB' }]);
  await postgres.stop();
  expect(String(await ended)).toContain('terminating connection');
});

test('a setting that PostgreSQL does not know is an error that says so', async () => {
  await expect(startPrivatePostgres({ settings: { no_such_setting: '1' } })).rejects.toThrow(
    'unrecognized configuration parameter "no_such_setting"',
  );
});

test('a fresh database is empty, and nothing written to one is seen in another', async () => {
  await using one = await freshDatabase();
  await using other = await freshDatabase();
  await query(one.url, 'CREATE TABLE item (id text)');
  expect(await query(other.url, "SELECT to_regclass('item') IS NULL")).toEqual([[true]]);
});

test('a template is prepared once, also when several ask for it at the same moment', async () => {
  let prepared = 0;
  const template = {
    name: 'testkit_once',
    prepare: async (url: string): Promise<void> => {
      prepared += 1;
      await query(url, "CREATE TABLE item AS SELECT 'PROD-001' AS id");
    },
  };
  const databases = await Promise.all([1, 2, 3].map(() => freshDatabase(template)));
  expect(prepared).toBe(1);
  for (const database of databases) {
    expect(await query(database.url, 'SELECT id FROM item')).toEqual([['PROD-001']]);
    await database.drop();
  }
});

test('a template whose preparation failed is not used, and the next one who asks prepares it again', async () => {
  const prepare = (): Promise<void> => Promise.reject(new Error('no such migration'));
  await expect(freshDatabase({ name: 'testkit_failing', prepare })).rejects.toThrow('no such migration');
  const template = {
    name: 'testkit_failing',
    prepare: async (url: string): Promise<void> => void (await query(url, 'CREATE TABLE item (id text)')),
  };
  await using database = await freshDatabase(template);
  expect(await query(database.url, 'SELECT count(*)::int FROM item')).toEqual([[0]]);
});

test('a dropped database is gone, even with a session open in it', async () => {
  const database = await freshDatabase();
  const session = new Client({ connectionString: database.url });
  session.on('error', () => undefined);
  await session.connect();
  await database.drop();
  await expect(query(database.url, 'SELECT 1')).rejects.toThrow('does not exist');
});

test('a database is named in its URL, and a template name is checked', async () => {
  expect(databaseUrl('postgres://u:p@127.0.0.1:5432/postgres', 'x')).toBe('postgres://u:p@127.0.0.1:5432/x');
  const prepare = (): Promise<void> => Promise.resolve();
  await expect(createDatabase('postgres://127.0.0.1/x', { name: 'A-B', prepare })).rejects.toThrow('A-B');
});
