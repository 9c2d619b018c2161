import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { readMigrations } from '../../src/database/migrations.ts';
import { packed, unpackedSql } from '../../src/database/packed.ts';
import { ping } from '../../src/database/ping.ts';
import {
  booleanColumn,
  command,
  instantColumn,
  integerColumn,
  nullable,
  statement,
  textColumn,
} from '../../src/database/statement.ts';

const COUNT_KEYS = statement<{ count: number }>(
  'test_count_keys',
  'SELECT count(*) AS count FROM api_keys WHERE name = $1',
  { count: integerColumn },
);
const INSERT_KEY = command(
  'test_insert_key',
  "INSERT INTO api_keys (hash, name, created_at) VALUES (repeat('0', 63) || $1::text, $2, now())",
);
const NOTIFY = command('test_notify', "SELECT pg_notify('test_channel', $1)");

export function databaseContract(database: () => Database): void {
  test('[C6] values come back in the same types on both engines', async () => {
    const all = statement<{ big: number; at: Date; yes: boolean; none: string | null; text: string }>(
      'test_types',
      `SELECT $1::bigint AS big, $2::timestamptz AS at, $3::boolean AS yes, $4::text AS none, $5::text AS text`,
      {
        big: integerColumn,
        at: instantColumn,
        yes: booleanColumn,
        none: nullable(textColumn),
        text: textColumn,
      },
    );
    const at = new Date('2026-11-23T14:03:22.118Z');
    const rows = await database().query(all, [2 ** 52, at, true, null, 'a "quoted" \\ text, {NULL}']);
    expect(rows).toEqual([{ big: 2 ** 52, at, yes: true, none: null, text: 'a "quoted" \\ text, {NULL}' }]);
  });

  test('[C6] packed lists are unpacked as they were, nulls and all', async () => {
    const unpack = statement<{ value: string | null }>(
      'test_unpack',
      `SELECT value FROM unnest(${unpackedSql('$1')}) AS packed (value)`,
      { value: nullable(textColumn) },
    );
    const list = ['{"a":"\\u001f,\\"NULL\\"}"}', null, 'NULL', "it's \\ é 🙂", null];
    const rows = await database().query(unpack, [packed(list)]);
    expect(rows.map(({ value }) => value)).toEqual(list);
  });

  test('a row that is not as declared is an error, not a wrong value', async () => {
    const wrong = statement<{ n: number }>('test_wrong', `SELECT 'x'::text AS n`, { n: integerColumn });
    await expect(database().query(wrong)).rejects.toThrow('Column n should be a safe integer');
  });

  test('[C1] a transaction that fails leaves nothing behind', async () => {
    const failing = database().transaction(async (session) => {
      await session.query(INSERT_KEY, ['1', 'rolled back']);
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    expect(await database().query(COUNT_KEYS, ['rolled back'])).toEqual([{ count: 0 }]);
  });

  test('a transaction is seen whole by those that come after it', async () => {
    await database().transaction(async (session) => {
      await session.query(INSERT_KEY, ['2', 'together']);
      await session.query(INSERT_KEY, ['3', 'together']);
    });
    expect(await database().query(COUNT_KEYS, ['together'])).toEqual([{ count: 2 }]);
  });

  test('a transaction that reads repeatably or does not wait for the disk works like any other', async () => {
    const options = { isolation: 'repeatable read', readOnly: true } as const;
    const counted = await database().transaction((session) => session.query(COUNT_KEYS, ['none']), options);
    expect(counted).toEqual([{ count: 0 }]);
    await database().transaction((session) => session.query(INSERT_KEY, ['4', 'unhurried']), {
      synchronousCommit: false,
    });
    expect(await database().query(COUNT_KEYS, ['unhurried'])).toEqual([{ count: 1 }]);
  });

  test('an error of a statement carries its SQLSTATE and the next statement works', async () => {
    await database().query(INSERT_KEY, ['5', 'once']);
    await expect(database().query(INSERT_KEY, ['5', 'once'])).rejects.toMatchObject({ code: '23505' });
    await ping(database());
  });

  test('a notification comes after its commit, and none of what was rolled back', async () => {
    const heard: string[] = [];
    const heardLast = Promise.withResolvers<void>();
    const leaveOff = await database().listen('test_channel', {
      onNotification: (payload) => {
        heard.push(payload);
        if (payload === 'last') heardLast.resolve();
      },
      onMissed: () => undefined,
    });
    const failing = database().transaction(async (session) => {
      await session.query(NOTIFY, ['never']);
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    await database().transaction(async (session) => {
      await session.query(NOTIFY, ['first']);
      expect(heard).toEqual([]);
    });
    await database().query(NOTIFY, ['last']);
    await heardLast.promise;
    expect(heard).toEqual(['first', 'last']);
    await leaveOff();
  });

  test('a schema that is up to date stays as it is', async () => {
    expect(await migrate(database())).toBe(0);
  });

  test('a database with a newer schema is refused', async () => {
    await expect(migrate(database(), [])).rejects.toMatchObject({ code: 'schema_newer' });
  });

  test('a database with another form of a migration is refused', async () => {
    const changed = readMigrations().map((each) => ({ ...each, checksum: 'another' }));
    await expect(migrate(database(), changed)).rejects.toMatchObject({ code: 'schema_differs' });
  });

  test('a migration that fails leaves the schema as it was', async () => {
    const all = readMigrations();
    const broken = {
      number: all.length + 1,
      name: 'broken',
      script: 'CREATE TABLE half_done (); SELECT 1 / 0',
      checksum: 'x',
    };
    await expect(migrate(database(), [...all, broken])).rejects.toMatchObject({ code: '22012' });
    const exists = statement<{ there: boolean }>(
      'test_half_done',
      `SELECT to_regclass('half_done') IS NOT NULL AS there`,
      { there: booleanColumn },
    );
    expect(await database().query(exists)).toEqual([{ there: false }]);
    expect(await migrate(database())).toBe(0);
  });
}
