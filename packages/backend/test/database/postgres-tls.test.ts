import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tillcast/broker';
import { freshDatabase, type PrivatePostgres, postgresUser, startPrivatePostgres } from '@tillcast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresDatabase } from '../../src/database/postgres-database.ts';
import { booleanColumn, statement } from '../../src/database/statement.ts';

const ENCRYPTED = statement(
  'is_encrypted',
  'SELECT ssl AS encrypted FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
  { encrypted: booleanColumn },
);

const folder = mkdtempSync(join(tmpdir(), 'tillcast-postgres-tls-'));
const server = selfSigned('server');
const other = selfSigned('other');
let postgres: PrivatePostgres;

/** A certificate for localhost that is its own authority, and its key, which the server's user can read. */
function selfSigned(name: string): { readonly certFile: string; readonly keyFile: string } {
  const certFile = join(folder, `${name}.pem`);
  const keyFile = join(folder, `${name}.key.pem`);
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...key, ...names, '-out', certFile, '-keyout', keyFile], {
    stdio: 'ignore',
  });
  const user = postgresUser();
  if (user !== undefined) for (const path of [folder, keyFile]) chownSync(path, user.uid, user.gid);
  return { certFile, keyFile };
}

beforeAll(async () => {
  const { certFile, keyFile } = server;
  const settings = { ssl: 'on', ssl_cert_file: certFile, ssl_key_file: keyFile };
  postgres = await startPrivatePostgres({ fsync: false, settings });
});
afterAll(async () => {
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

function open(host: string, authority: string): Promise<PostgresDatabase> {
  const url = new URL(postgres.url);
  url.hostname = host;
  url.search = `?sslmode=verify-full&sslrootcert=${authority}`;
  return PostgresDatabase.open({ url: url.href, poolSize: 2, logger: silentLogger });
}

test('[E12] sslmode=verify-full reaches a server by TLS', async () => {
  await using database = await open('localhost', server.certFile);
  // Only its owner is shown what a session is encrypted by.
  const seen = database.transaction(async (session) => {
    await session.execute('SET LOCAL ROLE NONE');
    return session.query(ENCRYPTED);
  });
  expect(await seen).toEqual([{ encrypted: true }]);
});

test.each([
  ['localhost', other.certFile, /not signed by an authority .* sslrootcert=<file>/],
  ['127.0.0.1', server.certFile, /is for other names/],
])(
  '[E11] a database at %s that is not who it should be is not signed in to, and said',
  async (host, authority, why) => {
    const refused = open(host, authority);
    await expect(refused).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringMatching(why),
    });
  },
);

test('[E12] with sslmode=verify-full a server without TLS is not spoken to', async () => {
  await using plain = await freshDatabase();
  const url = `${plain.url}?sslmode=verify-full`;
  await expect(PostgresDatabase.open({ url, poolSize: 2, logger: silentLogger })).rejects.toMatchObject({
    code: 'configuration_invalid',
    message: expect.stringContaining('has no TLS'),
  });
});
