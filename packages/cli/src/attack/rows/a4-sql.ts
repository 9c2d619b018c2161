import { type Draft, fails, holds, type Observed } from '../attack.ts';
import type { Stage } from '../stage.ts';

/** Tables that hold what belongs to one license, and the column that says whose it is. */
const TABLES: Readonly<Record<string, string>> = {
  licenses: 'id',
  catalogs: 'license_id',
  items: 'license_id',
  changes: 'license_id',
  publications: 'license_id',
  terminals: 'license_id',
  seat_codes: 'license_id',
  assertions: 'license_id',
  revocations: 'license_id',
};

/** Tables of no license. */
const CLOSED: readonly string[] = [
  'api_keys',
  'signing_keys',
  'audit_log',
  'relays',
  'relay_shards',
  'revocation_claims',
];

const policyOf = (table: string): string => `the row-level security policy own_license on ${table} (forced)`;

export const SQL_DRAFTS: readonly Draft[] = [
  ...Object.entries(TABLES).map(
    ([table, column]): Draft => ({
      attempt: `SELECT from ${table} as the application’s role, without any filter`,
      expected: 'rows of its own license alone',
      line: policyOf(table),
      needs: 'database',
      run: (stage) => ownRowsOnly(stage, table, column),
    }),
  ),
  ...Object.entries(TABLES).map(
    ([table, column]): Draft => ({
      attempt: `SELECT from ${table} where it is the other’s`,
      expected: 'no row, or not permitted',
      line: policyOf(table),
      needs: 'database',
      run: (stage) => noRows(stage, `SELECT * FROM ${table} WHERE ${column} = ${otherId(stage)}`),
    }),
  ),
  {
    attempt: 'UPDATE of every item, without any filter',
    expected: 'rows of its own license alone are touched',
    line: policyOf('items'),
    needs: 'database',
    run: async (stage) => {
      const own = await countOf(stage, 'SELECT * FROM items');
      return touches(stage, 'UPDATE items SET version = version', own);
    },
  },
  {
    attempt: 'DELETE of every item, without any filter',
    expected: 'rows of its own license alone are touched, or it is not permitted',
    line: policyOf('items'),
    needs: 'database',
    run: async (stage) => {
      const own = await countOf(stage, 'SELECT * FROM items');
      return touches(stage, 'DELETE FROM items', own);
    },
  },
  {
    attempt: 'An item of its own is made the other’s (UPDATE of license_id)',
    expected: 'not permitted: the new row would be another license’s',
    line: policyOf('items'),
    needs: 'database',
    run: (stage) => refused(stage, `UPDATE items SET license_id = license_id + 1`),
  },
  {
    attempt: 'Without a license being set: SELECT from items',
    expected: 'no row',
    line: policyOf('items'),
    needs: 'database',
    run: async (stage) => {
      if (stage.sql === null) return fails('there is no database');
      const { rows } = await stage.sql.run(null, 'SELECT * FROM items');
      return rows.length === 0 ? holds('no row') : fails(`${rows.length} rows`);
    },
  },
  ...CLOSED.map(
    (table): Draft => ({
      attempt: `SELECT from ${table} as the application’s role`,
      expected: 'not permitted',
      line: `the grants of tillcast_app, none of which is on ${table}`,
      needs: 'database',
      run: (stage) => refused(stage, `SELECT * FROM ${table}`),
    }),
  ),
  {
    attempt: 'Row-level security is switched off for the session (SET row_security = off)',
    expected: 'not permitted, or still no row of the other’s',
    line: 'the role tillcast_app, which owns no table and has no BYPASSRLS',
    needs: 'database',
    run: (stage) => noForeignRow(stage, 'SET LOCAL row_security = off; SELECT * FROM items'),
  },
  {
    attempt: 'ALTER TABLE items DISABLE ROW LEVEL SECURITY',
    expected: 'not permitted',
    line: 'the role tillcast_app, which owns no table',
    needs: 'database',
    run: (stage) => refused(stage, 'ALTER TABLE items DISABLE ROW LEVEL SECURITY'),
  },
  {
    attempt: 'SET ROLE tillcast_system from within the application’s role',
    expected: 'not permitted to whoever is only a member of tillcast_app; the system’s role sees no items',
    line: 'the grants of tillcast_system, none of which is on items',
    needs: 'database',
    run: (stage) => refused(stage, 'SET LOCAL ROLE tillcast_system; SELECT * FROM items'),
  },
];

function otherId(stage: Stage): string {
  // The key is of the grammar of license keys: it holds nothing that SQL could read.
  return `(SELECT id FROM licenses WHERE key = '${stage.other.licenseKey}')`;
}

async function ownRowsOnly(stage: Stage, table: string, column: string): Promise<Observed> {
  try {
    const all = await countOf(stage, `SELECT * FROM ${table}`);
    const own = await countOf(
      stage,
      `SELECT * FROM ${table} WHERE ${column} = current_setting('tillcast.license_id')::integer`,
    );
    return all === own ? holds(`${own} rows, all its own`) : fails(`${all} rows, ${own} of them its own`);
  } catch (error) {
    return notPermitted(error);
  }
}

async function noRows(stage: Stage, statement: string): Promise<Observed> {
  try {
    const count = await countOf(stage, statement);
    return count === 0 ? holds('no row') : fails(`${count} rows`);
  } catch (error) {
    return notPermitted(error);
  }
}

async function noForeignRow(stage: Stage, statement: string): Promise<Observed> {
  if (stage.sql === null) return fails('there is no database');
  try {
    const { rows } = await stage.sql.run(stage.own.licenseKey, statement);
    const found = JSON.stringify(rows).includes(stage.otherSecret);
    return found ? fails('the other’s rows') : holds('none of the other’s rows');
  } catch (error) {
    return notPermitted(error);
  }
}

async function touches(stage: Stage, statement: string, own: number): Promise<Observed> {
  try {
    const count = await countOf(stage, statement);
    return count === own ? holds(`${count} rows, its own`) : fails(`${count} rows, ${own} of them its own`);
  } catch (error) {
    return notPermitted(error);
  }
}

async function refused(stage: Stage, statement: string): Promise<Observed> {
  if (stage.sql === null) return fails('there is no database');
  try {
    const { count } = await stage.sql.run(stage.own.licenseKey, statement);
    return fails(`done, ${count} rows`);
  } catch (error) {
    return notPermitted(error);
  }
}

async function countOf(stage: Stage, statement: string): Promise<number> {
  if (stage.sql === null) return 0;
  return (await stage.sql.run(stage.own.licenseKey, statement)).count;
}

/** SQLSTATE 42501: insufficient privilege, a row against a policy included. */
function notPermitted(error: unknown): Observed {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  return code === '42501' ? holds(`42501 ${text}`) : fails(`${code} ${text}`);
}
