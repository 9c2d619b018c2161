import { setTimeout as pause } from 'node:timers/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import type { Session } from './database.ts';
import { codeOf } from './sql-error.ts';
import { statement, textColumn } from './statement.ts';

/** Runs what concerns no license or all of them; sees no items. Its grants are in the migrations. */
export const SYSTEM_ROLE = 'tillcast_system';

/** Runs what concerns one license, whose rows alone it sees and writes. */
export const LICENSE_ROLE = 'tillcast_app';

/** SQL that makes this connection the system's from now on. */
export const BECOME_SYSTEM: string = `SET ROLE ${SYSTEM_ROLE}`;

/** SQL that gives the rest of a transaction back to the user that connected, who owns the schema. */
export const BECOME_OWNER = 'SET LOCAL ROLE NONE';

// Roles belong to the whole cluster, where any number of programs may do this at once: what another one has
// just done is as good. Whether the user may take a role on is only known by trying, since from PostgreSQL 16
// on membership alone does not say so.
const MAKE_ROLES = `
DO $roles$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['${SYSTEM_ROLE}', '${LICENSE_ROLE}'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
      END;
    END IF;
    BEGIN
      EXECUTE format('SET LOCAL ROLE %I', wanted);
    EXCEPTION WHEN insufficient_privilege THEN
      BEGIN
        EXECUTE format('GRANT %I TO %I', wanted, session_user);
      EXCEPTION WHEN unique_violation OR internal_error THEN
        NULL;
      END;
      EXECUTE format('SET LOCAL ROLE %I', wanted);
    END;
    SET LOCAL ROLE NONE;
  END LOOP;
END
$roles$`;

/** SET ROLE says so of a role that is not there; GRANT says 42704. */
const NO_SUCH_ROLE: readonly (string | null)[] = ['22023', '42704'];
const ATTEMPTS = 40;
const PAUSE_MS = 50;

const FIND_UNSAFE = statement<{ name: string }>(
  'find_unsafe_roles',
  `SELECT rolname AS name FROM pg_catalog.pg_roles
  WHERE rolname IN ('${SYSTEM_ROLE}', '${LICENSE_ROLE}') AND (rolsuper OR rolbypassrls)`,
  { name: textColumn },
);

const FIND_USER = statement<{ name: string }>(
  'find_session_user',
  'SELECT quote_ident(session_user) AS name',
  { name: textColumn },
);

/**
 * Makes the two roles where the cluster lacks them, and sees to it that the connecting user may take them on.
 * @throws TillcastError `configuration_invalid`, with the SQL that an administrator has to run, where the user
 *   may not; or where one of the roles could look past row-level security
 */
export async function ensureRoles(session: Session): Promise<void> {
  try {
    await makeRoles(session);
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    const [user] = await session.query(FIND_USER);
    throw new TillcastError(
      'configuration_invalid',
      `The database user of DATABASE_URL may not make or take on the roles that keep licenses apart. As an administrator of the database run: ${adviceFor(user?.name ?? 'CURRENT_USER')}`,
      { cause: error },
    );
  }
  const [unsafe] = await session.query(FIND_UNSAFE);
  if (unsafe === undefined) return;
  throw new TillcastError(
    'configuration_invalid',
    `The database role ${unsafe.name} could see every license's rows. As an administrator of the database run: ALTER ROLE ${unsafe.name} NOSUPERUSER NOBYPASSRLS;`,
  );
}

/** A role that another program has made this very moment may be known to be there and not be seen yet: it is then looked for again. */
async function makeRoles(session: Session): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await session.execute(MAKE_ROLES);
    } catch (error) {
      if (!NO_SUCH_ROLE.includes(codeOf(error)) || attempt === ATTEMPTS) throw error;
      await pause(PAUSE_MS);
    }
  }
}

function adviceFor(user: string): string {
  const makes = [SYSTEM_ROLE, LICENSE_ROLE].map((role) => `CREATE ROLE ${role} NOLOGIN;`);
  return `${makes.join(' ')} GRANT ${SYSTEM_ROLE}, ${LICENSE_ROLE} TO ${user}; (what exists already may be left out)`;
}
