import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBackendConfig, type RunningBackend, startBackend } from '@tillcast/backend';
import {
  type FreshDatabase,
  type FreshVirtualHost,
  freePort,
  freshDatabase,
  freshVirtualHost,
} from '@tillcast/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { invoke } from './cli-host.ts';

let folder: string;
let broker: FreshVirtualHost;
let database: FreshDatabase;
let backend: RunningBackend;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillcast-audit-'));
  [broker, database] = await Promise.all([freshVirtualHost(), freshDatabase()]);
  backend = await startBackend(
    parseBackendConfig({
      AMQP_URL: broker.amqpUrl,
      DATABASE_URL: database.url,
      TILLCAST_DATA_DIR: join(folder, '.tillcast'),
      PORT: String(await freePort()),
      LOG_LEVEL: 'silent',
    }),
  );
  for (const number of [1, 2, 3]) await tillcast('license', 'create', `AUDIT-LIFE-${number}`);
});

afterAll(async () => {
  await backend?.stop();
  await database?.drop();
  await broker?.drop();
  await rm(folder, { recursive: true, force: true });
});

function tillcast(...argv: string[]): ReturnType<typeof invoke> {
  return invoke(argv, { cwd: folder, env: { TILLCAST_URL: backend.url } });
}

/** What a superuser of the database may do, and who finds it out. */
async function asSuperuser(sql: string): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

test('the log is listed for people and for programs, the last entries first asked for', async () => {
  const { code, out, err } = await tillcast('audit', 'list');
  expect(code).toBe(0);
  expect(out).toMatch(/license\.created +AUDIT-LIFE-2/);
  expect(err).toMatch(/^The log has \d+ entries\.\n$/);
  const last = JSON.parse((await tillcast('audit', 'list', '--limit', '1', '--json')).out);
  expect(last.entries).toMatchObject([{ number: last.head.number, subject: 'AUDIT-LIFE-3' }]);
  const first = await tillcast('audit', 'list', '--after', '0', '--limit', '1');
  expect(first.out.trim().split('\n')).toHaveLength(2);
  expect(first.err).toContain('--after 1');
  expect(await tillcast('audit', 'list', '--limit', '0')).toMatchObject({ code: 2, out: '' });
});

test('[V6] a whole log is said to be whole, with the head to note; a tampered one is exit 1 and the entry', async () => {
  const whole = await tillcast('audit', 'verify');
  expect(whole).toMatchObject({ code: 0, err: '' });
  const [, head = ''] = /head +(\d+:[0-9a-f]{64})/.exec(whole.out) ?? [];
  expect(await tillcast('audit', 'verify', '--head', head)).toMatchObject({ code: 0 });
  expect(JSON.parse((await tillcast('audit', 'verify', '--json')).out)).toMatchObject({ whole: true });

  const [number = '', hash = ''] = head.split(':');
  const other = await tillcast(
    'audit',
    'verify',
    '--head',
    `${number}:${hash.replaceAll(/[0-9]/g, 'a')}`,
    '--json',
  );
  expect(other).toMatchObject({ code: 1, out: '' });
  expect(JSON.parse(other.err)).toMatchObject({ error: { code: 'audit_broken' } });
  for (const bad of ['', '3', `3:${'g'.repeat(64)}`, hash]) {
    expect(await tillcast('audit', 'verify', '--head', bad), bad).toMatchObject({ code: 2, out: '' });
  }

  await asSuperuser(`ALTER TABLE audit_log DISABLE TRIGGER USER;
    UPDATE audit_log SET actor = 'nobody' WHERE number = 2`);
  const broken = await tillcast('audit', 'verify');
  expect(broken).toMatchObject({ code: 1, out: '' });
  expect(broken.err).toContain('Entry 2 is not as it was written');
  const told = JSON.parse((await tillcast('audit', 'verify', '--json')).err);
  expect(told).toMatchObject({ error: { code: 'audit_broken', details: [{ pointer: 'entry 2' }] } });
});
