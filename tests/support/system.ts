import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackendConfig, parseBackendConfig, type RunningBackend, startBackend } from '@tillcast/backend';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import type { FreshVirtualHost } from '@tillcast/testkit';
import { freshDatabase, freshVirtualHost, placeEmbeddedDatabase } from '@tillcast/testkit';

export const API_KEY = 'a-key-for-tests-on-loopback-only';

/** The whole backend for one test file: a virtual host, a database and a server of its own. */
export interface TestSystem extends AsyncDisposable {
  readonly backend: RunningBackend;
  readonly virtualHost: FreshVirtualHost;
  readonly config: BackendConfig;
  /** A new temporary folder, removed at the end. */
  readonly folder: (name: string) => string;
  /** Asks the admin API as the operator. GET without a body, else POST. */
  readonly admin: (
    path: string,
    body?: unknown,
  ) => Promise<{ readonly status: number; readonly body: unknown }>;
  /** Does operations to a license's catalog; rejects where they are refused. */
  readonly commit: (
    licenseKey: string,
    ...operations: readonly unknown[]
  ) => Promise<{ readonly version: number }>;
}

/** @param engine the embedded database, or PostgreSQL */
export async function startTestSystem(
  licenseKeys: readonly string[],
  engine: 'embedded' | 'postgresql' = 'embedded',
): Promise<TestSystem> {
  await using stack = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'tillcast-test-'));
  stack.defer(() => rm(root, { recursive: true, force: true }));
  const virtualHost = stack.use(await freshVirtualHost());
  const database = engine === 'postgresql' ? stack.use(await freshDatabase()) : null;
  const config = parseBackendConfig({
    PORT: '0',
    AMQP_URL: virtualHost.amqpUrl,
    TILLCAST_DATA_DIR: join(root, 'backend'),
    TILLCAST_API_KEY: API_KEY,
    LOG_LEVEL: 'silent',
    TILLCAST_AUTH: 'license-key',
    VALID_LICENSE_KEY: licenseKeys.join(','),
    ...(database === null ? {} : { DATABASE_URL: database.url }),
  });
  if (config.database.engine === 'embedded') await placeEmbeddedDatabase(config.database.dataDir);
  const backend = stack.use(await startBackend(config));
  const admin = async (path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(backend.url + path, { ...init, headers });
    return { status: answer.status, body: await answer.json() };
  };
  const commit = async (
    licenseKey: string,
    ...operations: readonly unknown[]
  ): Promise<{ version: number }> => {
    const answer = await admin(ADMIN_PATHS.changes(licenseKey), { operations });
    if (answer.status !== 200) throw new Error(`the commit was refused: ${JSON.stringify(answer.body)}`);
    return answer.body as { version: number };
  };
  const kept = stack.move();
  return {
    backend,
    virtualHost,
    config,
    folder: (name) => join(root, name),
    admin,
    commit,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
