import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import {
  ManagementClient,
  oauthNodeConfig,
  type PrivateNode,
  silentLogger,
  startPrivateNode,
} from '@tillcast/broker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { invoke } from './cli-host.ts';

const findingsSchema = z.object({
  safe: z.boolean(),
  code: z.string().optional(),
  findings: z.array(
    z.object({ what: z.string(), expected: z.string(), observed: z.string(), mend: z.string() }),
  ),
});

let folder: string;
let node: PrivateNode;
let adminUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillcast-cli-broker-'));
  node = await startPrivateNode({
    dataDir: join(folder, 'node'),
    logger: silentLogger,
    stopTimeoutMs: 1_000,
    ...oauthNodeConfig({ jwksUrl: 'http://127.0.0.1:1/jwks.json' }),
  });
  const url = new URL(node.managementUrl);
  url.username = node.credentials.username;
  url.password = node.credentials.password;
  adminUrl = url.href;
});

afterAll(async () => {
  await node.stop();
  await rm(folder, { recursive: true, force: true });
});

function broker(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return invoke(['broker', ...words], { env: { RABBITMQ_ADMIN_URL: adminUrl, ...env }, cwd: folder });
}

test('[B1] [B3] a new RabbitMQ is found wanting, is provisioned, and then found as it should be', async () => {
  const before = await broker(['audit', '--json']);
  expect(before.code).toBe(1);
  const found = findingsSchema.parse(JSON.parse(before.out));
  expect(found).toMatchObject({ safe: false, code: 'broker_unsafe' });
  expect(found.findings.map(({ what }) => what)).toContain('exchange pos_license_events');

  const nothingGiven = await broker(['provision']);
  expect(nothingGiven.code).toBe(2);
  expect(nothingGiven.err).toContain('--credentials-file');

  const provisioned = await broker(['provision', '--credentials-file', 'broker.env']);
  expect(provisioned).toMatchObject({ code: 0, err: '' });
  expect(provisioned.out).toContain('topic permission of tillcast-publisher on pos_license_events in /');
  const passwords = parseEnv(await readFile(join(folder, 'broker.env'), 'utf8'));
  for (const password of Object.values(passwords)) expect(provisioned.out).not.toContain(password);
  expect((await stat(join(folder, 'broker.env'))).mode & 0o777).toBe(0o600);
  const guardian = new ManagementClient({
    url: node.managementUrl,
    username: 'tillcast-guardian',
    password: passwords['TILLCAST_GUARDIAN_PASSWORD'] ?? '',
  });
  expect(await guardian.whoami()).toBe('tillcast-guardian');

  const again = await broker(['provision', '--credentials-file', 'broker.env', '--json']);
  expect(JSON.parse(again.out)).toMatchObject({ changed: [], credentials_file: null });
  expect((await broker(['provision'])).out).toContain('nothing to change');
  expect(await guardian.whoami()).toBe('tillcast-guardian');
  expect(await broker(['audit'])).toMatchObject({ code: 0, out: expect.stringContaining('as it should be') });
});

test('[B3] with one permission line taken away the audit ends with 1 and names that line', async () => {
  expect((await broker(['provision', '--credentials-file', 'broker.env'])).code).toBe(0);
  const management = new ManagementClient({ url: node.managementUrl, ...node.credentials });
  await management.clearTopicPermissions('/', 'tillcast-publisher');
  const audit = await broker(['audit']);
  expect(audit.code).toBe(1);
  expect(audit.out).toContain('topic permission of tillcast-publisher on pos_license_events in /');
  expect(audit.out).toContain('1 finding\n');
  expect((await broker(['provision'])).code).toBe(0);
  expect((await broker(['audit'])).code).toBe(0);
});

test('what the commands need and do not get is said, without a password in it', async () => {
  const missing = await invoke(['broker', 'audit'], { cwd: folder });
  expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('RABBITMQ_ADMIN_URL is missing') });
  const malformed = await broker(['audit'], { RABBITMQ_ADMIN_URL: 'amqp://admin:hidden@host' });
  expect(malformed.code).toBe(2);
  expect(malformed.err).not.toContain('hidden');
  const plain = await broker(['audit'], {
    RABBITMQ_ADMIN_URL: 'http://admin:hidden@rabbit.example.com:15672',
  });
  expect(plain).toMatchObject({ code: 2, err: expect.stringContaining('plain text') });
  const wrong = await broker(['audit'], { RABBITMQ_ADMIN_URL: adminUrl.replace(/:[^:@]+@/, ':wrong@') });
  expect(wrong.code).toBe(4);
  await writeFile(join(folder, 'open.env'), 'TILLCAST_PUBLISHER_PASSWORD=x\n');
  await chmod(join(folder, 'open.env'), 0o644);
  const open = await broker(['provision', '--credentials-file', 'open.env']);
  expect(open).toMatchObject({ code: 2, err: expect.stringContaining('may be read by others') });
  const nowhere = await broker(['provision', '--credentials-file', 'no/such/folder/broker.env']);
  expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('cannot be made') });
});

test('[B2] the configuration for RabbitMQ is printed, or written where nothing is overwritten', async () => {
  const words = ['config', '--jwks-url', 'https://pos.example.com/.well-known/jwks.json'];
  const printed = await broker(words);
  expect(printed.code).toBe(0);
  for (const part of [
    'auth_backends.2',
    '{jwks_url, <<"https://pos',
    '<<"ES256">>',
    'verify_peer',
    'max_message_size',
  ])
    expect(printed.out).toContain(part);
  expect((await broker([...words, '--out', 'etc'])).code).toBe(0);
  expect(await readFile(join(folder, 'etc', 'enabled_plugins'), 'utf8')).toContain(
    'rabbitmq_auth_backend_oauth2',
  );
  expect(await broker([...words, '--out', 'etc'])).toMatchObject({ code: 2 });
  const elsewhere = await broker(['config', '--jwks-url', 'http://pos.example.com/jwks.json']);
  expect(elsewhere).toMatchObject({ code: 2, err: expect.stringContaining('Use https') });
});
