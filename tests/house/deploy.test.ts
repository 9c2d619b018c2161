import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseBackendConfig } from '../../packages/backend/src/config/backend-config.ts';
import {
  BROKER_SETTINGS,
  desiredBroker,
  enabledPlugins,
  GUARDIAN_USER,
  oauthNodeConfig,
  PUBLISHER_USER,
  tlsNodeConfig,
} from '../../packages/broker/src/index.ts';
import { administeredBroker } from '../../packages/cli/src/broker/administered-broker.ts';
import { readPasswords } from '../../packages/cli/src/broker/user-passwords.ts';
import { Given } from '../../packages/cli/src/input/given.ts';
import { createStyles } from '../../packages/cli/src/output/styles.ts';
import { makeDevelopmentTls } from '../../packages/cli/src/tls/development-tls.ts';
import { parseTerminalConfig } from '../../packages/terminal/src/config/terminal-config.ts';
import { textOf } from './repository.ts';

const serviceSchema = z.object({
  image: z.string().optional(),
  build: z.object({ context: z.string(), dockerfile: z.string() }).optional(),
  environment: z.record(z.string(), z.string()),
  volumes: z.array(z.string()).optional(),
  healthcheck: z.object({ test: z.array(z.string()).min(2) }).optional(),
  command: z.array(z.string()).optional(),
  depends_on: z
    .record(
      z.string(),
      z.object({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }),
    )
    .optional(),
});

const composeSchema = z.object({
  name: z.string(),
  services: z.record(z.string(), serviceSchema),
  configs: z.record(z.string(), z.object({ content: z.string() })),
  volumes: z.record(z.string(), z.null()),
});

const composeText = textOf('deploy/compose.yaml');
const compose = composeSchema.parse(parse(composeText));

/** The variables of an env file, the commented ones too. */
function variables(path: string): Readonly<Record<string, string>> {
  const lines = textOf(path).matchAll(/^#?([A-Z][A-Z_]+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}

const known: Readonly<Record<string, string>> = {
  ...variables('deploy/.env.multitenant'),
  // Not filled in there: a key that everybody knows would seal nothing.
  TILLCAST_SECRET_KEY: randomBytes(32).toString('base64url'),
};

/** Where the containers find certificates. */
const MOUNTED_TLS = '/etc/tillcast/tls';
let tls: string;
beforeAll(async () => {
  tls = await mkdtemp(join(tmpdir(), 'tillcast-deploy-'));
  await makeDevelopmentTls(tls, ['rabbitmq', 'backend', 'postgres'], new Date());
});
afterAll(() => rm(tls, { recursive: true, force: true }));

/** A service's environment as compose makes it, with certificates made for this test. */
function environmentOf(service: string): Readonly<Record<string, string>> {
  const given = Object.entries(compose.services[service]?.environment ?? {}).map(([name, value]) => [
    name,
    value
      .replaceAll(/\$\{([A-Z_]+)(?::[-?][^}]*)?\}/g, (_, variable: string) => known[variable] ?? '')
      .replaceAll(MOUNTED_TLS, tls),
  ]);
  return Object.fromEntries(given);
}

test('every variable that the compose file asks for is in .env.multitenant', () => {
  const asked = [...composeText.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name]) => name ?? '');
  expect(asked.filter((name) => !Object.hasOwn(known, name))).toEqual([]);
});

test('images have a version, volumes are declared, and what a service waits for exists and has a health check or ends', () => {
  const services = Object.values(compose.services);
  for (const { image } of services.filter((service) => service.image !== undefined)) {
    expect(image).toMatch(/^[a-z]+:\d+(\.\d+)*(-[a-z]+)?$/);
  }
  for (const { build } of services.filter((service) => service.image === undefined)) {
    expect(textOf(build?.dockerfile ?? '')).toMatch(/^USER node$/m);
  }
  for (const service of services) {
    for (const volume of (service.volumes ?? []).filter((each) => !each.startsWith('./')))
      expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      const waitedFor = compose.services[name];
      expect([name, waitedFor?.healthcheck !== undefined]).toEqual([name, condition === 'service_healthy']);
    }
  }
});

test('the backend understands the environment that the compose file gives it: production, tokens, TLS everywhere', () => {
  const config = parseBackendConfig(environmentOf('backend'));
  expect(config).toMatchObject({
    production: true,
    http: { host: '0.0.0.0', tls: { certFile: `${tls}/backend.pem` } },
    database: { engine: 'postgresql' },
    identity: { auth: 'token', issuer: 'https://pos.example.com:8080' },
    management: { username: GUARDIAN_USER, url: 'https://rabbitmq:15671' },
    plaintextWarnings: [],
    unknownVariables: [],
  });
  expect(config.broker.urls.map((url) => new URL(url).username)).toEqual([PUBLISHER_USER]);
  expect(config.broker.caPem).not.toBeNull();
  expect(config.licenseKeys).toHaveLength(2);
});

test('provisioning understands its environment, and knows the passwords with which the backend signs in', () => {
  const output = { write: () => undefined, isTTY: false, columns: 100 };
  const styles = createStyles(false);
  const { reader, plaintextAllowed } = administeredBroker(new Given([], {}), {
    env: environmentOf('provision'),
    cwd: '/',
    out: output,
    err: output,
    outStyles: styles,
    errStyles: styles,
    json: false,
    url: undefined,
  });
  const passwords = readPasswords(reader);
  reader.finish('The environment of provisioning');
  expect(plaintextAllowed).toBe(false);
  const { broker, management } = parseBackendConfig(environmentOf('backend'));
  const signsIn = broker.urls.map((url) => new URL(url).password);
  expect(passwords).toEqual({ [PUBLISHER_USER]: signsIn[0], [GUARDIAN_USER]: management?.password });
});

test('the broker of the compose file speaks TLS alone, checks tokens, and has the plugins and bounds of ours', () => {
  const files = {
    caFile: `${MOUNTED_TLS}/ca.pem`,
    certFile: `${MOUNTED_TLS}/rabbitmq.pem`,
    keyFile: `${MOUNTED_TLS}/rabbitmq.key.pem`,
  };
  const oauth = oauthNodeConfig({
    jwksUrl: 'https://backend:8080/.well-known/jwks.json',
    authoritiesFile: files.caFile,
  });
  const content = (name: string): string => compose.configs[name]?.content ?? '';
  expect(content('rabbitmq').split('\n')).toEqual(
    expect.arrayContaining([
      ...tlsNodeConfig({ ...files, amqpListener: '5671', managementPort: 15_671 }),
      ...oauth.configExtra,
      ...BROKER_SETTINGS,
    ]),
  );
  expect(content('rabbitmq-advanced')).toBe(oauth.advancedConfig);
  expect(content('rabbitmq-plugins')).toBe(enabledPlugins(desiredBroker().plugins));
});

test('the database of the compose file has TLS, with a certificate for the name by which the backend verifies it', async () => {
  expect(compose.services['postgres']?.command).toEqual([
    'postgres',
    '-cssl=on',
    `-cssl_cert_file=${MOUNTED_TLS}/postgresql.pem`,
    `-cssl_key_file=${MOUNTED_TLS}/postgresql.key.pem`,
  ]);
  const { hostname, searchParams } = new URL(environmentOf('backend')['DATABASE_URL'] ?? '');
  expect(Object.fromEntries(searchParams)).toEqual({
    sslmode: 'verify-full',
    sslrootcert: join(tls, 'ca.pem'),
  });
  const certificate = new X509Certificate(await readFile(join(tls, 'postgresql.pem')));
  expect(certificate.checkHost(hostname)).toBe(hostname);
});

test('a terminal understands the variables of .env.multitenant', () => {
  const names = ['TERMINAL_NAME', 'SYNC_API_URL', 'TILLCAST_KEY_STORE', 'TILLCAST_AUTH', 'TILLCAST_URL'];
  const given = Object.fromEntries(names.map((name) => [name, known[name] ?? '']));
  expect(parseTerminalConfig({ ...given, SYNC_API_CA_FILE: join(tls, 'ca.pem') })).toMatchObject({
    terminalName: 'Counter 1',
    syncApiUrl: 'https://pos.example.com:8080',
    plaintextWarnings: [],
    unknownVariables: [],
  });
});
