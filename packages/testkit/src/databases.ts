import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';

/** What every database made from a template begins with. */
export interface DatabaseTemplate {
  /** Names its content: two templates of one name hold the same. Lower-case letters, digits and `_`. */
  readonly name: string;
  /** Fills the template's database, once for each server; must close its own connections. */
  readonly prepare: (url: string) => Promise<void>;
}

/** A database of one's own on a shared server. */
export interface FreshDatabase extends AsyncDisposable {
  /** Connects to it as superuser. */
  readonly url: string;
  readonly name: string;
  /** Ends the sessions that are left and removes it. Safe to call more than once. */
  readonly drop: () => Promise<void>;
}

/**
 * Makes a new database, empty or as a copy of a template, which takes a fraction of what filling it anew
 * would.
 * @param serverUrl any database of the server, as superuser
 */
export async function createDatabase(serverUrl: string, template?: DatabaseTemplate): Promise<FreshDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const source = template === undefined ? 'template0' : await ensureTemplate(serverUrl, template);
  await withSession(serverUrl, (session) => createFrom(session, name, source));
  const drop = (): Promise<void> => withSession(serverUrl, (session) => dropDatabase(session, name));
  return { url: databaseUrl(serverUrl, name), name, drop, [Symbol.asyncDispose]: drop };
}

/** The same server's URL for another database. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function ensureTemplate(serverUrl: string, template: DatabaseTemplate): Promise<string> {
  if (!/^[a-z0-9_]{1,40}$/.test(template.name)) {
    throw new Error(`A template is named by lower-case letters, digits and _, not "${template.name}".`);
  }
  const name = `template_${template.name}`;
  const draft = `draft_${template.name}`;
  await withSession(serverUrl, async (session) => {
    // Test files run in several processes, and each may be the first to need the template.
    await session.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await session.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return;
    await dropDatabase(session, draft);
    await createFrom(session, draft, 'template0');
    await template.prepare(databaseUrl(serverUrl, draft));
    // The name appears only now, so that a preparation that failed half-way is never copied.
    await session.query(`ALTER DATABASE ${escapeIdentifier(draft)} RENAME TO ${escapeIdentifier(name)}`);
  });
  return name;
}

async function createFrom(session: Client, name: string, source: string): Promise<void> {
  await session.query(`CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE ${escapeIdentifier(source)}`);
}

async function dropDatabase(session: Client, name: string): Promise<void> {
  await session.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
}

async function withSession(url: string, use: (session: Client) => Promise<void>): Promise<void> {
  const session = new Client({ connectionString: url });
  await session.connect();
  try {
    await use(session);
  } finally {
    await session.end();
  }
}
