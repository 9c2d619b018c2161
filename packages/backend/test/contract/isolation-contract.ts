import { randomUUID } from 'node:crypto';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import type { Database, Session } from '../../src/database/database.ts';
import { BECOME_OWNER, LICENSE_ROLE, SYSTEM_ROLE } from '../../src/database/roles.ts';
import { booleanColumn, integerColumn, statement, textColumn } from '../../src/database/statement.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { asOwner } from '../database/as-owner.ts';
import { context, newLicense, product } from './fixture.ts';

/** A table with a license's data, and the column that says whose. */
interface Table {
  readonly name: string;
  readonly column: string;
  readonly isForced: boolean;
  /** Whether there is a policy for one license's role; without one it sees nothing. */
  readonly isOpen: boolean;
}

const TABLES = statement<Table>(
  'test_tables',
  `SELECT c.relname AS name, a.attname AS column, c.relrowsecurity AND c.relforcerowsecurity AS "isForced",
    EXISTS (
      SELECT FROM pg_policy WHERE polrelid = c.oid AND polroles && ARRAY['${LICENSE_ROLE}'::regrole::oid, 0::oid]
    ) AS "isOpen"
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'f', 'm')
    AND (a.attname = 'license_id' OR c.relname = 'licenses' AND a.attname = 'id')
  ORDER BY 1`,
  { name: textColumn, column: textColumn, isForced: booleanColumn, isOpen: booleanColumn },
);

const ITEMS: Table = { name: 'items', column: 'license_id', isForced: true, isOpen: true };

/** Open to one license's role. */
const KNOWN = [
  'assertions',
  'catalogs',
  'changes',
  'items',
  'licenses',
  'publications',
  'rejected_sales',
  'revocations',
  'sales',
  'seat_codes',
  'terminals',
];

/** Whose rows a statement sees. */
async function rowsOf(
  session: Pick<Session, 'query'>,
  table: Table,
  verb: 'select' | 'update' | 'delete' = 'select',
): Promise<readonly number[]> {
  const { name, column } = table;
  const text = {
    select: `SELECT ${column} AS id FROM ${name}`,
    update: `UPDATE ${name} SET ${name === 'licenses' ? 'name = name' : 'license_id = license_id'} RETURNING ${column} AS id`,
    delete: `DELETE FROM ${name} RETURNING ${column} AS id`,
  };
  const rows = await session.query(
    statement<{ id: number }>(`test_${verb}_${name}`, text[verb], { id: integerColumn }),
  );
  return [...new Set(rows.map(({ id }) => id))];
}

const HASH = '0'.repeat(64);

/** A license with a row in every table. */
async function fullLicense(database: Database): Promise<{ key: LicenseKey; id: number }> {
  const key = await newLicense(database);
  await commit(database, key, [product('P1'), product('P2')], context);
  const { id } = await getLicense(database, key);
  await asOwner(
    database,
    `INSERT INTO terminals (license_id, terminal_id) VALUES (${id}, '${randomUUID()}');
    INSERT INTO deliveries VALUES (${id}, 'epoch00001', 1, now(), 1, '{1}', now());
    INSERT INTO seat_codes VALUES (${id}, '${randomUUID()}', 'hash', 'name', now());
    INSERT INTO assertions VALUES (${id}, '${randomUUID()}', 'jti', now());
    INSERT INTO revocations (license_id, kind, created_at, done_at) VALUES (${id}, 'block', now(), now());
    INSERT INTO sales VALUES (${id}, '${randomUUID()}', '77777777-1', 'sale', now(), now(), 'GBP', 1, 0, '{}', '${HASH}');
    INSERT INTO rejected_sales VALUES (${id}, '${randomUUID()}', '${HASH}', '{}', 'sale_invalid', '', now());
    INSERT INTO revocation_claims VALUES (${id}, '${randomUUID()}', now())`,
  );
  return { key, id };
}

class Undo extends Error {}

/** All that each role may do, by table and verb; columns stand where not all of a table's may be written. */
const GRANTS = {
  [LICENSE_ROLE]: {
    assertions: 'insert, select',
    catalogs: 'select, update digest, update live_items, update version',
    changes: 'insert, select',
    items: 'insert, select, update body, update deleted_at, update digest, update version',
    licenses:
      'select, update activation_code_hash, update ended_at, update name, update status, update terminals_max, update valid_until',
    publications: 'select',
    rejected_sales: 'insert, select',
    revocations: 'insert, select',
    sales: 'insert, select',
    seat_codes: 'delete, insert, select, update used_by_key',
    terminals: 'insert, select, update name, update revoked_at, update token_expires_at',
  },
  [SYSTEM_ROLE]: {
    api_keys: 'insert, select, update name',
    assertions: 'delete, select',
    audit_head: 'select',
    audit_log: 'select',
    broadcasts: 'insert, select, update published_at',
    broker_looks: 'select, update due_at',
    catalogs: 'insert, select',
    changes: 'select',
    deliveries: 'delete, insert, select, update applied, update buckets, update last_applied_at',
    licenses: 'insert, select',
    publications: 'insert, select, update published_version',
    relay_shards: 'select, update lease_until, update owner',
    relays: 'delete, insert, select, update seen_until',
    revocation_claims: 'delete, insert, select, update',
    revocations: 'delete, insert, select, update done_at',
    seat_codes: 'select',
    signing_keys: 'delete, insert, select, update current_from, update retired_at, update state',
    terminals:
      'insert, select, update blocked_until, update clock_offset_ms, update cloned_at, update closed_at, update digest, update epoch, update instance_id, update instance_runs, update instance_starts, update last_seen_at, update limited_at, update state, update unsent_sales, update version',
  },
};

/**
 * Does something as the license's role with every grant that there is, so that the policies alone stand in the
 * way, and undoes it.
 */
async function granted(
  database: Database,
  license: number | LicenseKey,
  work: (session: Session) => Promise<void>,
  role: string = LICENSE_ROLE,
): Promise<void> {
  try {
    await database.ofLicense(license).transaction(async (session) => {
      await session.execute(`${BECOME_OWNER}; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
        GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}; SET LOCAL ROLE ${role}`);
      await work(session);
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
}

/** What a statement is refused with; undone, whatever it did. */
async function refusal(session: Session, script: string): Promise<unknown> {
  await session.execute('SAVEPOINT before');
  try {
    await session.execute(script);
    return NOT_REFUSED;
  } catch (error) {
    return error;
  } finally {
    await session.execute('ROLLBACK TO before');
  }
}

const NOT_REFUSED = 'not refused';
const BY_POLICY: unknown = expect.objectContaining({
  code: '42501',
  message: expect.stringContaining('row-level security policy'),
});
const BY_GRANT = { code: '42501', message: expect.stringContaining('permission denied') };

export function isolationContract(database: () => Database): void {
  test('[V1] every table with a license’s data has forced row-level security', async () => {
    const tables = await database().query(TABLES);
    expect(tables.filter(({ isOpen }) => isOpen).map(({ name }) => name)).toEqual(KNOWN);
    expect(tables.filter(({ isForced }) => !isForced)).toEqual([]);
  });

  test('[V1] the roles are no superusers, pass no policy over, log nobody in and own nothing', async () => {
    const unsafe = statement<{ name: string }>(
      'test_unsafe_roles',
      `SELECT rolname AS name FROM pg_roles r WHERE rolname IN ('${SYSTEM_ROLE}', '${LICENSE_ROLE}') AND (
        rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole OR rolcreatedb
        OR EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) OR EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid))`,
      { name: textColumn },
    );
    expect(await database().query(unsafe)).toEqual([]);
  });

  test('[V2] one license’s role sees and changes no other’s rows, whatever the statement asks for', async () => {
    const [one, other] = [await fullLicense(database()), await fullLicense(database())];
    const tables = await database().query(TABLES);
    for (const license of [one.id, one.key]) {
      await granted(database(), license, async (session) => {
        for (const table of tables) {
          const own = table.isOpen ? [one.id] : [];
          expect(await rowsOf(session, table), table.name).toEqual(own);
          expect(await rowsOf(session, table, 'update'), table.name).toEqual(own);
        }
        // Deleted last: what refers to a license goes before it, and others' rows would stand in the way.
        for (const table of tables.filter(({ name }) => name !== 'licenses')) {
          expect(await rowsOf(session, table, 'delete'), table.name).toEqual(table.isOpen ? [one.id] : []);
        }
        await session.execute(BECOME_OWNER);
        for (const table of tables) expect(await rowsOf(session, table), table.name).toContain(other.id);
      });
    }
  });

  test('[V2] a row of another license can neither be inserted nor made of an own one', async () => {
    const [one, other] = [await fullLicense(database()), await fullLicense(database())];
    for (const { name, column, isOpen } of await database().query(TABLES)) {
      await granted(database(), one.id, async (session) => {
        // The other license's own rows, as the owner reads them.
        await session.execute(`${BECOME_OWNER}; CREATE TEMPORARY TABLE copies ON COMMIT DROP AS
          SELECT * FROM ${name} WHERE ${column} = ${other.id}; GRANT SELECT ON copies TO ${LICENSE_ROLE};
          SET LOCAL ROLE ${LICENSE_ROLE}`);
        const insert = `INSERT INTO ${name} OVERRIDING SYSTEM VALUE TABLE copies`;
        expect(await refusal(session, insert), insert).toEqual(BY_POLICY);
        const move = `UPDATE ${name} SET ${column} = ${name === 'licenses' ? 'DEFAULT' : other.id}`;
        // Where the role sees no row, there is none that it could move.
        expect(await refusal(session, move), move).toEqual(isOpen ? BY_POLICY : NOT_REFUSED);
      });
    }
  });

  test('[V2] a license that nobody has, or none at all, has no rows and takes none', async () => {
    const { id } = await fullLicense(database());
    const tables = await database().query(TABLES);
    const nothing = async (session: Session): Promise<void> => {
      for (const table of tables) {
        for (const verb of ['select', 'update', 'delete'] as const) {
          expect(await rowsOf(session, table, verb), `${verb} ${table.name}`).toEqual([]);
        }
      }
      const insert = `INSERT INTO changes VALUES (${id}, 9, '${randomUUID()}', 'x', '0000000000000000', '', now())`;
      expect(await refusal(session, insert)).toEqual(BY_POLICY);
    };
    await granted(database(), 2_000_000_000, nothing);
    await granted(database(), parseLicenseKey('NOBODY-HAS-THIS'), nothing);
    for (const setting of ['RESET tillcast.license_id', `SET LOCAL tillcast.license_id = ''`]) {
      await granted(database(), id, async (session) => {
        await session.execute(setting);
        await nothing(session);
      });
    }
    const unset = database().transaction(async (session) => {
      await session.execute(`SET LOCAL ROLE ${LICENSE_ROLE}`);
      return rowsOf(session, ITEMS);
    });
    expect(await unset).toEqual([]);
  });

  test('[V3] role and license end with their transaction, whether it commits, fails or is broken off', async () => {
    const { key, id } = await fullLicense(database());
    const here = statement<{ role: string; license: string }>(
      'test_here',
      `SELECT current_user::text AS role, coalesce(current_setting('tillcast.license_id', true), '') AS license`,
      { role: textColumn, license: textColumn },
    );
    const own = [{ role: LICENSE_ROLE, license: String(id) }];
    const system = [{ role: SYSTEM_ROLE, license: '' }];
    const of = database().ofLicense(key);
    expect(await of.query(here)).toEqual(own);
    expect(await database().query(here)).toEqual(system);
    expect(await of.transaction((session) => session.query(here))).toEqual(own);
    expect(await database().query(here)).toEqual(system);
    const failing = of.transaction(async (session) => {
      expect(await session.query(here)).toEqual(own);
      throw new Undo();
    });
    await expect(failing).rejects.toBeInstanceOf(Undo);
    expect(await database().query(here)).toEqual(system);
    const broken = statement('test_broken', 'SELECT 1 / 0', {});
    await expect(of.query(broken)).rejects.toMatchObject({ code: '22012' });
    expect(await database().query(here)).toEqual(system);
    expect(await database().transaction((session) => session.query(here))).toEqual(system);
  });

  test('[V4] the system has no access to items, not even where somebody grants it', async () => {
    const { id } = await fullLicense(database());
    for (const script of [
      'SELECT FROM items',
      'UPDATE items SET version = version',
      'DELETE FROM items',
      `INSERT INTO items VALUES (${id}, 'product', 'X', 1, now(), NULL, NULL)`,
    ]) {
      await expect(database().execute(script), script).rejects.toMatchObject(BY_GRANT);
    }
    const sees = async (session: Session): Promise<void> => {
      expect(await rowsOf(session, ITEMS)).toEqual([]);
    };
    await granted(database(), id, sees, SYSTEM_ROLE);
  });

  test('[V4] each role may do to each table what it needs, and nothing else', async () => {
    const grants = statement<{ role: string; name: string; verb: string }>(
      'test_grants',
      `SELECT coalesce(r.rolname, 'PUBLIC') AS role, c.relname AS name, lower(a.privilege_type) AS verb
      FROM (
        SELECT oid, relname, relacl AS acl, '' AS column FROM pg_class
        UNION ALL
        SELECT c.oid, c.relname, a.attacl, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      ) c
      CROSS JOIN LATERAL (
        SELECT grantee, privilege_type || CASE WHEN c.column = '' THEN '' ELSE ' ' || c.column END AS privilege_type
        FROM aclexplode(c.acl)
      ) a
      LEFT JOIN pg_roles r ON r.oid = a.grantee
      WHERE c.oid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
        AND (a.grantee = 0 OR r.rolname IN ('${SYSTEM_ROLE}', '${LICENSE_ROLE}'))
      ORDER BY 1, 2, 3`,
      { role: textColumn, name: textColumn, verb: textColumn },
    );
    const found: Record<string, Record<string, string>> = {};
    for (const { role, name, verb } of await database().query(grants)) {
      const tables = (found[role] ??= {});
      tables[name] = name in tables ? `${tables[name]}, ${verb}` : verb;
    }
    expect(found).toEqual(GRANTS);
  });
}
