import { certificateFault, silentLogger } from '@tillcast/broker';
import { Client } from 'pg';
import { type Migration, readMigrations } from '../database/migrations.ts';
import { sessionOf } from '../database/postgres-session.ts';
import { BECOME_SYSTEM } from '../database/roles.ts';
import { integerColumn, statement, textColumn } from '../database/statement.ts';
import { openSigningKey } from '../keys/opened-key.ts';
import { secretKeyIn } from '../keys/secret-key.ts';
import { listSigningKeys } from '../keys/signing-key-statements.ts';

/** Where a deployment's database is, and what opens its signing keys. */
export interface InspectedDatabase {
  readonly url: string;
  /** As the operator gave it; null: the data directory's, where there is one. */
  readonly secretKey: Uint8Array | null;
  readonly dataDir: string;
}

/** What a database is found to be, without anything being changed. Nothing in it is secret. */
export interface DatabaseFacts {
  /** `host:port`, or the folder of a socket. */
  readonly address: string;
  readonly serverVersion: string;
  /** Its clock less this machine's; the way there and back is halved. */
  readonly clockAheadMs: number;
  readonly schema: SchemaFacts;
  /** Null where the schema has no keys yet, or may not be asked. */
  readonly signingKeys: SigningKeyFacts | null;
}

export interface SchemaFacts {
  /** Steps that the database has; 0 for an empty one. */
  readonly applied: number;
  /** Steps that this program knows. */
  readonly known: number;
  /** The first step that is another one than the program's; null: none. */
  readonly differsAt: number | null;
}

export interface SigningKeyFacts {
  readonly stored: number;
  /** Whether the secret key opens them; `no_key_here`: there is none to try. */
  readonly sealedBy: 'ours' | 'another' | 'no_key_here';
}

/** Either what is there, or why the database could not be asked. */
export type DatabaseInspection =
  | { readonly reached: true; readonly facts: DatabaseFacts }
  | { readonly reached: false; readonly address: string; readonly why: string };

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;

const VERSION = statement<{ version: string; now: number }>(
  'inspect_server',
  `SELECT current_setting('server_version') AS version,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`,
  { version: textColumn, now: integerColumn },
);

const HAS_TABLE = statement<{ name: string }>(
  'inspect_migrations_table',
  "SELECT 'schema_migrations' AS name WHERE to_regclass('schema_migrations') IS NOT NULL",
  { name: textColumn },
);

const APPLIED = statement<{ number: number; checksum: string }>(
  'inspect_migrations',
  'SELECT number, checksum FROM schema_migrations ORDER BY number',
  { number: integerColumn, checksum: textColumn },
);

/** Looks at a PostgreSQL with one connection that only reads. Never rejects for what is wrong with the database. */
export async function inspectDatabase(
  database: InspectedDatabase,
  migrations: readonly Migration[] = readMigrations(),
): Promise<DatabaseInspection> {
  const client = new Client({
    connectionString: database.url,
    application_name: 'tillcast doctor',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
  });
  // The query under way tells of it.
  client.on('error', (error) => silentLogger.debug({ err: error }, 'the connection ended'));
  const address = client.host.startsWith('/') ? client.host : `${client.host}:${client.port}`;
  try {
    await client.connect();
    await client.query('SET default_transaction_read_only = on');
    return { reached: true, facts: await factsOf(client, address, database, migrations) };
  } catch (error) {
    return { reached: false, address, why: whyNot(error) };
  } finally {
    await client.end();
  }
}

async function factsOf(
  client: Client,
  address: string,
  database: InspectedDatabase,
  migrations: readonly Migration[],
): Promise<DatabaseFacts> {
  client.setTypeParser(20, Number);
  const session = sessionOf(client);
  const askedAtMs = Date.now();
  const [server] = await session.query(VERSION);
  const midwayMs = (askedAtMs + Date.now()) / 2;
  const hasTable = (await session.query(HAS_TABLE)).length > 0;
  const applied = hasTable ? await session.query(APPLIED) : [];
  const differing = applied.find(({ checksum }, index) => {
    const ours = migrations[index];
    return ours !== undefined && ours.checksum !== checksum;
  });
  return {
    address,
    serverVersion: server?.version ?? '',
    clockAheadMs: Math.round((server?.now ?? midwayMs) - midwayMs),
    schema: { applied: applied.length, known: migrations.length, differsAt: differing?.number ?? null },
    signingKeys: applied.length === 0 ? null : await signingKeysOf(client, database),
  };
}

async function signingKeysOf(client: Client, database: InspectedDatabase): Promise<SigningKeyFacts | null> {
  const session = sessionOf(client);
  let keys: Awaited<ReturnType<typeof listSigningKeys>>;
  try {
    await client.query(BECOME_SYSTEM);
    keys = await listSigningKeys(session);
  } catch (error) {
    // An older schema has none, and a stranger may not read them: then there is nothing to tell of.
    silentLogger.debug({ err: error }, 'the signing keys could not be read');
    return null;
  }
  const secretKey = database.secretKey ?? (await secretKeyIn(database.dataDir));
  if (secretKey === null) return { stored: keys.length, sealedBy: 'no_key_here' };
  try {
    for (const key of keys) await openSigningKey(key, secretKey);
    return { stored: keys.length, sealedBy: 'ours' };
  } catch {
    // Whatever it is, the key does not open what is there; a text of the cipher's would tell nobody more.
    return { stored: keys.length, sealedBy: 'another' };
  }
}

function whyNot(error: unknown): string {
  const fault = certificateFault(error, 'DATABASE_URL (sslrootcert)');
  if (fault !== null) return fault;
  // Of several addresses of one name, Node tells each one's failure.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}
