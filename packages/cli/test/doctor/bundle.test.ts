import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedactor } from '../../src/doctor/bundle/redact.ts';
import { tarOf } from '../../src/doctor/bundle/tar.ts';
import { invoke } from '../cli-host.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillcast-bundle-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const made = (): string => randomBytes(24).toString('base64url');

/** Each form in which a secret could be read. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}

/** A machine with a secret in every place that has one. */
async function plantedMachine(): Promise<{
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}> {
  const secrets = {
    amqp: `${made()}/§ü`,
    management: made(),
    admin: made(),
    database: `${made()}@:`,
    apiKey: made(),
    secretKey: randomBytes(32).toString('base64url'),
    passphrase: made(),
    activation: made(),
    publisher: made(),
    guardian: made(),
    rabbitPass: made(),
    kept: randomBytes(32).toString('base64url'),
    keptApiKey: made(),
  };
  const dataDir = join(folder, 'data');
  await mkdir(dataDir, { recursive: true });
  const inFile = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), `${text}\n`, { mode: 0o600 });
    return join(folder, name);
  };
  await writeFile(join(dataDir, 'secret-key'), `${secrets.kept}\n`);
  await writeFile(join(dataDir, 'admin-api-key'), `${secrets.keptApiKey}\n`);
  const login = (scheme: string, user: string, secret: string, port: number): string =>
    `${scheme}://${user}:${encodeURIComponent(secret)}@127.0.0.1:${port}`;
  return {
    secrets,
    env: {
      AMQP_URL: `${login('amqp', 'tillcast-publisher', secrets.amqp, 9)}/`,
      RABBITMQ_MANAGEMENT_URL: login('http', 'guardian', secrets.management, 9),
      RABBITMQ_ADMIN_URL_FILE: await inFile('admin-url', login('http', 'admin', secrets.admin, 9)),
      DATABASE_URL: `${login('postgresql', 'tillcast', secrets.database, 9)}/tillcast`,
      TILLCAST_API_KEY: secrets.apiKey,
      TILLCAST_SECRET_KEY_FILE: await inFile('secret-key', secrets.secretKey),
      TILLCAST_KEY_PASSPHRASE: secrets.passphrase,
      TILLCAST_ACTIVATION_CODE: secrets.activation,
      TILLCAST_PUBLISHER_PASSWORD: secrets.publisher,
      TILLCAST_GUARDIAN_PASSWORD_FILE: await inFile('guardian', secrets.guardian),
      RABBITMQ_PASS: secrets.rabbitPass,
      TILLCAST_DATA_DIR: dataDir,
      TILLCAST_URL: 'http://127.0.0.1:9',
      // Where nobody would look for one.
      TERMINAL_NAME: `Counter of ${secrets.apiKey}`,
      TILLCAST_NOTE: `${secrets.kept} ${encodeURIComponent(secrets.amqp)}`,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: Buffer.from(secrets.database).toString('base64'),
    },
  };
}

test('[K22] the archive holds what was found, and no secret of the machine in any form', async () => {
  const { env, secrets } = await plantedMachine();
  const path = join(folder, 'support.tar.gz');
  const { code, err } = await invoke(['doctor', '--bundle', path], { env, cwd: folder });
  expect(code).toBe(2);
  expect(err).toContain(path);
  const text = gunzipSync(await readFile(path)).toString('utf8');
  for (const [name, secret] of Object.entries(secrets)) {
    for (const form of formsOf(secret)) expect(text.includes(form), `${name} as ${form}`).toBe(false);
  }
  const names = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).trim().split('\n');
  expect(names).toEqual(
    ['examination.json', 'facts.json', 'environment.json', 'versions.json', 'metrics.txt'].map(
      (name) => `tillcast-doctor/${name}`,
    ),
  );
  const read = (name: string): unknown =>
    JSON.parse(execFileSync('tar', ['-xzOf', path, `tillcast-doctor/${name}`], { encoding: 'utf8' }));
  expect(read('environment.json')).toMatchObject({
    AMQP_URL: 'amqp://tillcast-publisher:[secret]@127.0.0.1:9/',
    TILLCAST_API_KEY: '[secret]',
    TERMINAL_NAME: 'Counter of [secret]',
  });
  expect(read('examination.json')).toMatchObject({ status: 'failure' });
  expect(read('facts.json')).toMatchObject({ lines: { known: true } });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('[K22] an archive replaces no file', async () => {
  const path = join(folder, 'there-already');
  await writeFile(path, 'precious');
  const ran = await invoke(['doctor', '--bundle', path, '--only', 'variables'], { cwd: folder });
  expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('cannot be written') });
  expect(await readFile(path, 'utf8')).toBe('precious');
});

test.each([
  [
    'a password in an address',
    'at amqp://till:hunter2@host/ it said',
    'at amqp://till:[secret]@host/ it said',
  ],
  ['a bearer', 'Authorization: Bearer abcdefghijkl.mno', 'Authorization: Bearer [secret]'],
  ['a token', 'token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln ended', 'token [secret] ended'],
  ['a private JWK', '{"kty":"EC","d":"c2VjcmV0"}', '{"kty":"EC","d":"[secret]"}'],
  ['a hash of a PIN', '{"pin_hash": "scrypt$1$2$3"}', '{"pin_hash": "[secret]"}'],
  [
    'a private key in PEM',
    'x -----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY----- y',
    'x [secret] y',
  ],
  ['nothing secret', '{"license":"EXTRO-LIFE-ABC123","url":"https://host:1/x"}', null],
])('[K22] what merely looks like a secret goes, too: %s', (_, raw, expected) => {
  expect(createRedactor({}).text(raw)).toBe(expected ?? raw);
});

test('a file of the archive that fills its blocks, and an empty one, are read back by tar', async () => {
  const path = join(folder, 'plain.tar');
  const contents = { 'a.txt': 'x'.repeat(1_024), 'b.txt': '', 'c.txt': 'ü\n' };
  const entries = Object.entries(contents).map(([name, content]) => ({ name, content }));
  await writeFile(path, tarOf(entries, new Date('2026-12-01T00:00:00Z')));
  for (const [name, content] of Object.entries(contents)) {
    expect(execFileSync('tar', ['-xOf', path, name], { encoding: 'utf8' })).toBe(content);
  }
});
