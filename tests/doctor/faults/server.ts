import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseBackendConfig, startBackend } from '@tillcast/backend';
import { openDatabase } from '@tillcast/backend/internals';
import { silentLogger } from '@tillcast/broker';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { freePort } from '@tillcast/testkit';
import { Client } from 'pg';
import { handshakeOnly, testAuthority } from '../../support/certificates.ts';
import { type Clinic, LICENSE } from '../clinic.ts';
import type { Planted, PlantedFault } from '../planted.ts';

const DAY_MS = 86_400_000;

async function sql(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A database of its own with the schema of now, changed by these statements. */
async function otherSchema(
  { database }: Clinic,
  name: string,
  ...changes: readonly string[]
): Promise<Planted> {
  await sql(database.url, `CREATE DATABASE ${name}`);
  const url = new URL(database.url);
  url.pathname = `/${name}`;
  await (await openDatabase({ url: url.href }, { logger: silentLogger })).close();
  await sql(url.href, ...changes);
  return { env: { DATABASE_URL: url.href } };
}

/** Another backend on the same database, with a certificate that is not as it should be. */
async function backendWith(
  { backendEnv, folder }: Clinic,
  of: { readonly hosts?: readonly string[] },
): Promise<Planted> {
  const authority = await testAuthority();
  const { certFile, keyFile } = await authority.server('backend', of);
  const env = { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, PORT: String(await freePort()) };
  const backend = await startBackend(
    parseBackendConfig({ ...backendEnv, ...env, TILLCAST_DATA_DIR: join(folder, 'backend') }),
  );
  return {
    env: { ...env, TILLCAST_URL: backend.url, TILLCAST_CA_FILE: authority.caFile },
    heal: async () => {
      await backend.stop();
      await authority[Symbol.asyncDispose]();
    },
  };
}

/** What a load balancer says whose backends are all down. */
async function emptyBalancer(): Promise<Planted> {
  const server = createServer((_request, response) => {
    response.writeHead(503, { 'content-type': 'text/html', server: 'a balancer' });
    response.end('<html><body><h1>503 Service Unavailable</h1>No server is available.</body></html>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Listening on an address of the internet family, it has one.
  const { port } = server.address() as AddressInfo;
  return {
    env: { TILLCAST_URL: `http://127.0.0.1:${port}` },
    heal: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export const SERVER_FAULTS: readonly PlantedFault[] = [
  {
    name: 'an API that is down',
    at: 'operator',
    plant: async () => ({ env: { TILLCAST_URL: `https://localhost:${await freePort()}` } }),
    check: 'api',
    says: /ECONNREFUSED/,
  },
  {
    name: 'a load balancer that answers for backends that are down',
    at: 'operator',
    plant: emptyBalancer,
    check: 'api',
    says: /503 by a balancer, and not of Tillcast/,
  },
  {
    name: 'a wrong password for the database',
    at: 'backend',
    plant: ({ database }) => ({
      env: { DATABASE_URL: database.url.replace(/:[^:@/]+@/, ':not-the-password@') },
    }),
    check: 'database.reached',
    says: /password authentication failed/,
  },
  {
    name: 'a database that was not made',
    at: 'backend',
    plant: ({ database }) => ({ env: { DATABASE_URL: database.url.replace(/\/postgres$/, '/nowhere') } }),
    check: 'database.reached',
    says: /database "nowhere" does not exist/,
  },
  {
    name: 'a database whose schema is ahead',
    at: 'backend',
    plant: (clinic) =>
      otherSchema(
        clinic,
        'ahead',
        "INSERT INTO schema_migrations (number, name, checksum) SELECT max(number) + 1, 'future', 'x' FROM schema_migrations",
      ),
    check: 'database.schema',
    says: /schema of the database: at step \d+ \(it is 1 ahead/,
  },
  {
    name: 'a database whose schema is behind',
    at: 'backend',
    plant: (clinic) =>
      otherSchema(
        clinic,
        'behind',
        'DELETE FROM schema_migrations WHERE number = (SELECT max(number) FROM schema_migrations)',
      ),
    check: 'database.schema',
    grade: 'warning',
    says: /schema of the database: at step \d+ \(it is 1 behind/,
  },
  {
    name: 'a database of another program',
    at: 'backend',
    plant: (clinic) =>
      otherSchema(clinic, 'of_another', "UPDATE schema_migrations SET checksum = 'x' WHERE number = 2"),
    check: 'database.schema',
    says: /step 2 of the schema: another one/,
  },
  {
    name: 'a second backend with another secret key',
    at: 'backend',
    plant: ({ folder }) => ({
      env: {
        TILLCAST_SECRET_KEY: randomBytes(32).toString('base64url'),
        TILLCAST_DATA_DIR: join(folder, 'second'),
      },
    }),
    check: 'database.secret-key',
    says: /does not open the signing keys/,
  },
  {
    name: 'a license that is suspended, seen by the operator',
    at: 'operator',
    plant: async ({ admin }) => {
      await admin('POST', ADMIN_PATHS.suspend(LICENSE));
      return { argv: ['--license', LICENSE], heal: () => admin('POST', ADMIN_PATHS.resume(LICENSE)) };
    },
    check: 'license',
    says: /license DOCTOR-LIFE-SHOP1: suspended/,
  },
  {
    name: 'a license that is about to end',
    at: 'operator',
    plant: async ({ admin }) => {
      const end = new Date(Date.now() + 3 * DAY_MS).toISOString();
      await admin('PATCH', ADMIN_PATHS.license(LICENSE), { valid_until: end });
      return {
        argv: ['--license', LICENSE],
        heal: () => admin('PATCH', ADMIN_PATHS.license(LICENSE), { valid_until: null }),
      };
    },
    check: 'license',
    grade: 'warning',
    says: /it ends in 2 days/,
  },
  {
    name: 'a certificate that has expired',
    at: 'operator',
    plant: async () => {
      const authority = await testAuthority();
      const server = await handshakeOnly(await authority.server('backend', { expired: true }));
      return {
        env: { TILLCAST_URL: `https://localhost:${server.port}`, TILLCAST_CA_FILE: authority.caFile },
        heal: async () => {
          await server[Symbol.asyncDispose]();
          await authority[Symbol.asyncDispose]();
        },
      };
    },
    check: 'certificates',
    says: /certificate of https.*has expired/,
  },
  {
    name: 'a certificate for another name',
    at: 'operator',
    plant: (clinic) => backendWith(clinic, { hosts: ['pos.example.com'] }),
    check: 'certificates',
    says: /for other names/,
  },
  {
    name: 'a certificate that ends soon',
    at: 'operator',
    plant: (clinic) => backendWith(clinic, {}),
    check: 'certificates',
    grade: 'warning',
    says: /certificate of https.*0 days left/,
  },
  {
    name: 'an authority that nobody here knows',
    at: 'operator',
    plant: async () => {
      const authority = await testAuthority();
      return {
        env: { TILLCAST_CA_FILE: authority.caFile },
        heal: () => authority[Symbol.asyncDispose](),
      };
    },
    check: 'certificates',
    says: /not signed by an authority that is trusted here/,
  },
];
