import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBackendConfig, startBackend } from '@tillcast/backend';
import { ADMIN_PATHS, createdLicenseSchema } from '@tillcast/protocol/http/admin-api';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { type FreshVirtualHost, freshDatabase, freshVirtualHost } from '@tillcast/testkit';
import { z } from 'zod';
import { forkBackend } from './forked-backend.ts';
import type { Gateway } from './gateway.ts';
import { activateRawTill, type RawTill } from './raw-till.ts';
import { API_KEY } from './system.ts';

/** A license that was created over the admin API. */
export interface TestLicense {
  readonly key: string;
  readonly activationCode: string;
}

/** Where a backend is. */
type BackendAddress = { readonly url: string };

/** Backends that take tokens alone and tell the broker what is revoked, on one database and one virtual host. */
export interface GuardedSystem extends AsyncDisposable {
  readonly backends: readonly BackendAddress[];
  readonly virtualHost: FreshVirtualHost;
  readonly databaseUrl: string;
  /** Posts to the first backend's admin API, or to that of the one given; rejects where it refuses. */
  readonly admin: (path: string, body?: unknown, at?: BackendAddress) => Promise<unknown>;
  /** Changes when a license ends. */
  readonly endLicense: (key: string, at: Date) => Promise<void>;
  /** A measurement, summed over its labels and all backends. */
  readonly metric: (name: string) => Promise<number>;
  readonly createLicense: (key: string, terminalsMax?: number) => Promise<TestLicense>;
  readonly activate: (license: TestLicense, name?: string) => Promise<RawTill>;
  /** Commits a change to a license's catalog. */
  readonly commit: (licenseKey: string) => Promise<void>;
  /** The URL to connect to the broker with a new token of the till. */
  readonly brokerUrl: (till: RawTill) => Promise<string>;
}

/**
 * @param options.backends how many share the work
 * @param options.apart each backend in a process of its own, where there is much for the tills to do in this one
 * @param options.gateway what the backends reach the management API through
 */
export async function startGuardedSystem(
  options: {
    readonly backends?: number;
    readonly apart?: boolean;
    readonly gateway?: Gateway;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<GuardedSystem> {
  await using stack = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'tillcast-guarded-'));
  stack.defer(() => rm(root, { recursive: true, force: true }));
  const virtualHost = stack.use(await freshVirtualHost());
  const database = stack.use(await freshDatabase());
  const backends: BackendAddress[] = [];
  for (let index = 0; index < (options.backends ?? 1); index += 1) {
    const environment = {
      PORT: '0',
      AMQP_URL: virtualHost.amqpUrl,
      RABBITMQ_MANAGEMENT_URL: managementUrl(virtualHost, options.gateway),
      DATABASE_URL: database.url,
      TILLCAST_DATA_DIR: join(root, 'backend'),
      TILLCAST_API_KEY: API_KEY,
      TILLCAST_PUBLIC_URL: 'http://localhost:8080',
      LOG_LEVEL: 'silent',
      ...options.environment,
    };
    const starting =
      options.apart === true ? forkBackend(environment) : startBackend(parseBackendConfig(environment));
    backends.push(stack.use(await starting));
  }
  const [first] = backends;
  if (first === undefined) throw new Error('A system has at least one backend.');
  await virtualHost.registerJwks(await keysOf(first));

  const ask = async (url: string, method: string, body: unknown): Promise<unknown> => {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${url} was refused: ${text}`);
    return JSON.parse(text);
  };
  const admin: GuardedSystem['admin'] = (path, body = {}, at = first) => ask(at.url + path, 'POST', body);
  let prices = 0;
  const kept = stack.move();
  return {
    backends,
    virtualHost,
    databaseUrl: database.url,
    admin,
    endLicense: async (key, at) => {
      await ask(first.url + ADMIN_PATHS.license(key), 'PATCH', { valid_until: at.toISOString() });
    },
    metric: async (name) => {
      const texts = await Promise.all(
        backends.map(async (each) => (await fetch(`${each.url}/metrics`)).text()),
      );
      const lines = texts.join('\n').matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
      return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
    },
    createLicense: async (key, terminalsMax = 10) => {
      const created = await admin(ADMIN_PATHS.licenses, { key, terminals_max: terminalsMax });
      return { key, activationCode: createdLicenseSchema.parse(created).activation_code };
    },
    activate: (license, name) => activateRawTill(first.url, license, name),
    commit: async (licenseKey) => {
      prices += 1;
      const item = { id: 'P1', name: 'Cappuccino', price: prices / 100, currency: 'GBP' };
      await admin(ADMIN_PATHS.changes(licenseKey), { operations: [{ op: 'put', kind: 'product', item }] });
    },
    brokerUrl: async (till) => virtualHost.tokenUrl(till.terminalId, (await till.token()).access_token),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function managementUrl(virtualHost: FreshVirtualHost, gateway: Gateway | undefined): string {
  const url = new URL(virtualHost.managementUrl);
  url.username = virtualHost.credentials.username;
  url.password = virtualHost.credentials.password;
  if (gateway !== undefined) {
    gateway.lead(Number(url.port));
    url.port = String(gateway.port);
  }
  return url.href;
}

const jwksSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });

async function keysOf(backend: BackendAddress): Promise<z.infer<typeof jwksSchema>['keys']> {
  const answer = await fetch(backend.url + IDENTITY_PATHS.jwks);
  return jwksSchema.parse(await answer.json()).keys;
}
