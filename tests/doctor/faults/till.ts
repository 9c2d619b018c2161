import { once } from 'node:events';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createFetch } from '@tillcast/broker';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { type Clinic, LICENSE } from '../clinic.ts';
import type { Planted, PlantedFault } from '../planted.ts';

/** Writes something else over the middle of a till's file. */
async function damage({ tillDir }: Clinic, name: string): Promise<Planted> {
  const path = join(tillDir, name);
  const kept = `${path}.kept`;
  await copyFile(path, kept);
  const bytes = await readFile(path);
  bytes.fill(0xa5, 100, bytes.length);
  await writeFile(path, bytes);
  return {
    heal: async () => {
      await copyFile(kept, path);
      await rm(kept);
    },
  };
}

/** A proxy before the backend that gives tokens of less. */
async function stingyProxy({ backend, caFile }: Clinic): Promise<Planted> {
  const fetch = createFetch(await readFile(caFile, 'utf8'));
  const server = createServer((request, response) => {
    const pass = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const body = Buffer.concat(chunks).toString('utf8');
      const answer = await fetch(backend.url + (request.url ?? ''), {
        method: request.method ?? 'GET',
        headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
        body: body === '' ? null : body,
      });
      const text = await answer.text();
      const isToken = request.url === IDENTITY_PATHS.token && answer.status === 200;
      response.writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'text/plain',
        date: answer.headers.get('date') ?? '',
      });
      response.end(isToken ? text.replace(/"scope":"[^"]*"/, '"scope":"sales:upload"') : text);
    };
    pass().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Listening on an address of the internet family, it has one.
  const { port } = server.address() as AddressInfo;
  return {
    env: { SYNC_API_URL: `http://127.0.0.1:${port}` },
    heal: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export const TILL_FAULTS: readonly PlantedFault[] = [
  {
    name: 'a token with too few scopes',
    at: 'till',
    plant: stingyProxy,
    check: 'till.token',
    says: /scopes of its token: without configure:.*read:/,
  },
  {
    name: 'a license that is suspended, seen by the till',
    at: 'till',
    plant: async ({ admin }) => {
      await admin('POST', ADMIN_PATHS.suspend(LICENSE));
      return { heal: () => admin('POST', ADMIN_PATHS.resume(LICENSE)) };
    },
    check: 'till.token',
    says: /license_suspended/,
  },
  {
    name: 'a license that has expired',
    at: 'till',
    plant: async ({ admin }) => {
      const end = new Date(Date.now() - 1_000).toISOString();
      await admin('PATCH', ADMIN_PATHS.license(LICENSE), { valid_until: end });
      return { heal: () => admin('PATCH', ADMIN_PATHS.license(LICENSE), { valid_until: null }) };
    },
    check: 'till.token',
    says: /license_expired/,
  },
  {
    name: 'a till that was never activated',
    at: 'till',
    plant: async ({ folder }) => {
      await mkdir(join(folder, 'new-till'), { recursive: true });
      return { argv: ['--data-dir', join(folder, 'new-till')] };
    },
    check: 'till.token',
    says: /not activated/,
  },
  {
    name: 'a license key alone, which this backend does not take',
    at: 'till',
    plant: async ({ folder, backend }) => {
      await mkdir(join(folder, 'keyed-till'), { recursive: true });
      return {
        env: { LICENSE_KEY: LICENSE, SYNC_API_URL: backend.url },
        argv: ['--data-dir', join(folder, 'keyed-till')],
      };
    },
    check: 'till.token',
    says: /license_key_not_accepted/,
  },
  {
    name: 'a damaged identity file',
    at: 'till',
    plant: async ({ tillDir }) => {
      const path = join(tillDir, 'identity.json');
      const kept = await readFile(path, 'utf8');
      await writeFile(path, kept.slice(0, 40));
      return { heal: () => writeFile(path, kept) };
    },
    check: 'till.token',
    says: /identity\.json cannot be used/,
  },
  {
    name: 'a till’s key that does not open',
    at: 'till',
    plant: () => ({ env: { TILLCAST_KEY_PASSPHRASE: 'another passphrase than before' } }),
    check: 'till.token',
    says: /secret_unreadable/,
  },
  {
    name: 'a damaged catalog',
    at: 'till',
    plant: (clinic) => damage(clinic, 'catalog.sqlite'),
    check: 'till.files',
    says: /catalog\.sqlite: /,
  },
  {
    name: 'a damaged sales file',
    at: 'till',
    plant: (clinic) => damage(clinic, 'sales.sqlite'),
    check: 'till.files',
    says: /sales\.sqlite: /,
  },
  {
    name: 'a broker that does not take the till’s token',
    at: 'till',
    plant: async ({ management, tillDir }) => {
      const identity: { terminal_id: string } = JSON.parse(
        await readFile(join(tillDir, 'identity.json'), 'utf8'),
      );
      const limits = { 'max-connections': 0, 'max-channels': 0 };
      const block = { name: identity.terminal_id, tags: ['tillcast-block'], limits };
      await management.importDefinitions({ users: [block] });
      return { heal: () => management.deleteUser(identity.terminal_id) };
    },
    check: 'till.line',
    says: /refused|did not open|cannot be reached/,
  },
  {
    name: 'an authority that the till does not know',
    at: 'till',
    plant: () => ({ env: { SYNC_API_CA_FILE: '' } }),
    check: 'certificates',
    says: /not signed by an authority that is trusted here/,
  },
];
