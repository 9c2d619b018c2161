import { setTimeout as pause } from 'node:timers/promises';
import {
  createDatabase,
  type FreshDatabase,
  type PrivatePostgres,
  startPrivatePostgres,
} from '@tillcast/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import type { Database } from '../../src/database/database.ts';
import { LICENSE_ROLE, SYSTEM_ROLE } from '../../src/database/roles.ts';
import { integerColumn, statement, textColumn } from '../../src/database/statement.ts';
import { context, newLicense, open, product, snapshotOf } from '../contract/fixture.ts';

// Roles belong to a cluster, so these tests have one of their own.
let server: PrivatePostgres;
beforeAll(async () => {
  server = await startPrivatePostgres({ fsync: false });
});
afterAll(() => server?.stop());

/** Runs SQL as the cluster's superuser. */
async function asSuperuser(sql: string, url: string = server.url): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A database of a user who may log in and nothing else, and its URL for him. */
async function databaseOf(user: string): Promise<FreshDatabase> {
  await asSuperuser(`CREATE ROLE ${user} LOGIN PASSWORD 'secret'`);
  const fresh = await createDatabase(server.url);
  await asSuperuser(`ALTER DATABASE ${fresh.name} OWNER TO ${user}`);
  await asSuperuser(`ALTER SCHEMA public OWNER TO ${user}`, fresh.url);
  const url = new URL(fresh.url);
  [url.username, url.password] = [user, 'secret'];
  return { ...fresh, url: url.href };
}

async function works(database: Database): Promise<void> {
  const key = await newLicense(database);
  await commit(database, key, [product('P1')], context);
  expect((await snapshotOf(database, key)).content.size).toBe(1);
}

/** Resolves when this many sessions of the cluster wait for a lock. */
async function waiting(count: number): Promise<void> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  const waits = "SELECT count(*)::integer AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
  try {
    while (((await client.query<{ n: number }>(waits)).rows[0]?.n ?? 0) < count) await pause(20);
  } finally {
    await client.end();
  }
}

// First of all, since only then the cluster lacks the roles.
test('[V1] programs that start at once on a cluster without the roles make them together', async () => {
  const fresh = await Promise.all(Array.from({ length: 4 }, () => createDatabase(server.url)));
  const first = new Client({ connectionString: server.url });
  await first.connect();
  try {
    await first.query(`BEGIN; CREATE ROLE ${SYSTEM_ROLE} NOLOGIN`);
    const opening = Promise.all(fresh.map(({ url }) => open({ url })));
    await waiting(fresh.length);
    await first.query('COMMIT');
    const databases = await opening;
    await Promise.all(databases.map(works));
    await Promise.all(databases.map((database) => database.close()));
  } finally {
    await first.end();
  }
});

test('[V1] a plain owner who may take the roles on needs no superuser, from the first step of the schema on', async () => {
  await using fresh = await databaseOf('plain_owner');
  await asSuperuser(`GRANT ${SYSTEM_ROLE}, ${LICENSE_ROLE} TO plain_owner`);
  await using database = await open({ url: fresh.url });
  await works(database);
  await database.close();
  await using again = await open({ url: fresh.url });
  await works(again);
});

test('[V1] an owner who may not is told what an administrator has to run, and then may', async () => {
  await using fresh = await databaseOf('barred_owner');
  const refused: unknown = await open({ url: fresh.url }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'configuration_invalid' });
  const [, advice = ''] = /run: (.*?) \(/.exec(String(refused)) ?? [];
  expect(advice).toContain('TO barred_owner;');
  const missing = advice.replaceAll(/CREATE ROLE \w+ NOLOGIN;/g, '');
  await asSuperuser(missing);
  await using database = await open({ url: fresh.url });
  await works(database);
});

test('[V1] an owner who may create roles takes on those that he makes', async () => {
  await using own = await startPrivatePostgres({ fsync: false });
  await asSuperuser(`CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'secret'`, own.url);
  await asSuperuser('CREATE DATABASE made OWNER maker', own.url);
  const url = new URL(own.url);
  [url.username, url.password, url.pathname] = ['maker', 'secret', '/made'];
  await using database = await open({ url: url.href });
  await works(database);
});

test('[V1] a role that could look past the policies is refused, and said how to mend it', async () => {
  await using fresh = await createDatabase(server.url);
  await asSuperuser(`ALTER ROLE ${LICENSE_ROLE} BYPASSRLS`);
  const refused: unknown = await open({ url: fresh.url }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'configuration_invalid' });
  const [, advice = ''] = /run: (.*;)/.exec(String(refused)) ?? [];
  await asSuperuser(advice);
  await using database = await open({ url: fresh.url });
  await works(database);
});

test('[V3] a connection of the pool that comes back is the system’s again, and holds no license', async () => {
  await using fresh = await createDatabase(server.url);
  await using database = await open({ url: fresh.url });
  const here = statement<{ pid: number; role: string; license: string }>(
    'test_here',
    `SELECT pg_backend_pid() AS pid, current_user::text AS role,
      coalesce(current_setting('tillcast.license_id', true), '') AS license`,
    { pid: integerColumn, role: textColumn, license: textColumn },
  );
  const before = await Promise.all(Array.from({ length: 30 }, () => database.query(here)));
  const mixed = await Promise.all(
    Array.from({ length: 90 }, async (_, index) => {
      if (index % 3 === 0) return database.query(here);
      const of = database.ofLicense(index);
      const asked = index % 3 === 1 ? of.query(here) : of.transaction((session) => session.query(here));
      return asked.then((rows) => rows.map((row) => ({ ...row, license: `${row.license} of ${index}` })));
    }),
  );
  const after = await Promise.all(Array.from({ length: 30 }, () => database.query(here)));
  const system = { role: SYSTEM_ROLE, license: '' };
  for (const [row] of [...before, ...after]) expect(row).toMatchObject(system);
  for (const [index, [row]] of mixed.entries()) {
    const own = { role: LICENSE_ROLE, license: `${index} of ${index}` };
    expect(row).toMatchObject(index % 3 === 0 ? system : own);
  }
  const reused = new Set(after.map(([row]) => row?.pid));
  expect(mixed.some(([row]) => row?.role === LICENSE_ROLE && reused.has(row.pid))).toBe(true);
});
