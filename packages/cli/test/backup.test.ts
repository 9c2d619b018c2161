import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
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
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { invoke } from './cli-host.ts';

const licenseList = z.object({
  licenses: z.array(z.object({ key: z.string(), epoch: z.string(), version: z.int() })),
});

let folder: string;
let broker: FreshVirtualHost;
let database: FreshDatabase;
let backend: RunningBackend;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillcast-backup-'));
  [broker, database] = await Promise.all([freshVirtualHost(), freshDatabase()]);
  backend = await start(database.url);
  await tillcast('license', 'create', 'EXTRO-LIFE-BACKUP');
  await tillcast('publish', 'table', 'T-1', '--license', 'EXTRO-LIFE-BACKUP', '--name', 'Window');
});

afterAll(async () => {
  await backend?.stop();
  await database?.drop();
  await broker?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function start(url: string): Promise<RunningBackend> {
  return startBackend(
    parseBackendConfig({
      AMQP_URL: broker.amqpUrl,
      DATABASE_URL: url,
      TILLCAST_DATA_DIR: join(folder, '.tillcast'),
      PORT: String(await freePort()),
      LOG_LEVEL: 'silent',
    }),
  );
}

function tillcast(...argv: string[]): ReturnType<typeof invoke> {
  return invoke(argv, { cwd: folder, env: { TILLCAST_URL: backend.url } });
}

/** Has the backend serve from another database for a while. */
async function servedFrom(url: string, work: () => Promise<void>): Promise<void> {
  await backend.stop();
  backend = await start(url);
  try {
    await work();
  } finally {
    await backend.stop();
    backend = await start(database.url);
  }
}

async function licenses(): Promise<z.infer<typeof licenseList>['licenses']> {
  return licenseList.parse(JSON.parse((await tillcast('license', 'list', '--json')).out)).licenses;
}

test('[Z1] a backup is made by a running backend, checked, restored into another database, and served from there', async () => {
  const made = await tillcast('backup', 'create', 'monday.gz');
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(made.out).toMatch(/monday\.gz: 1 license, \d+ rows as of .*Z, .* kB/);
  const file = join(folder, 'monday.gz');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  expect(JSON.parse((await tillcast('backup', 'check', 'monday.gz', '--json')).out)).toMatchObject({
    licenses: 1,
  });
  expect((await tillcast('audit', 'list')).out).toContain('backup.created');

  const [before] = await licenses();
  await tillcast('publish', 'delete', 'table', 'T-1', '--license', 'EXTRO-LIFE-BACKUP');
  await using other = await freshDatabase();
  const restore = (...flags: string[]): ReturnType<typeof invoke> =>
    invoke(['backup', 'restore', file, ...flags], { cwd: folder, env: { DATABASE_URL: other.url } });
  const restored = await restore();
  expect(restored).toMatchObject({ code: 0 });
  expect(restored.out).toMatch(/the database of DATABASE_URL: 1 license/);
  expect(restored.err).toContain('is undone');
  expect(restored.out + restored.err).not.toContain(other.url);
  expect(await restore()).toMatchObject({
    code: 5,
    err: expect.stringContaining('holds a Tillcast already'),
  });

  await servedFrom(other.url, async () => {
    const [after] = await licenses();
    expect(after).toMatchObject({ key: 'EXTRO-LIFE-BACKUP', version: before?.version });
    expect(after?.epoch).not.toBe(before?.epoch);
    expect(await tillcast('audit', 'verify')).toMatchObject({ code: 0 });
  });
});

test('[Z1] without the signing keys a restored backend makes new ones', async () => {
  await tillcast('backup', 'create', 'keys.gz');
  const kids = async (): Promise<string> => (await tillcast('keys', 'list', '--json')).out;
  const before = await kids();
  await using other = await freshDatabase();
  const restored = await invoke(['backup', 'restore', 'keys.gz', '--without-keys'], {
    cwd: folder,
    env: { DATABASE_URL: other.url },
  });
  expect(restored).toMatchObject({ code: 0 });
  await servedFrom(other.url, async () => {
    const after = await kids();
    for (const [, kid] of before.matchAll(/"kid":"([^"]+)"/g)) expect(after).not.toContain(kid);
  });
});

test('[Z2] what cannot be done is said, and leaves no file behind', async () => {
  await writeFile(join(folder, 'mine.gz'), 'mine');
  expect(await tillcast('backup', 'create', 'mine.gz')).toMatchObject({
    code: 5,
    err: expect.stringContaining('is there already'),
  });
  expect(await readFile(join(folder, 'mine.gz'), 'utf8')).toBe('mine');
  expect(await tillcast('backup', 'check', 'mine.gz')).toMatchObject({ code: 1, out: '' });
  expect(await tillcast('backup', 'check', 'nothing.gz')).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no file'),
  });
  expect(await tillcast('backup', 'create', 'no/such/folder/x.gz')).toMatchObject({ code: 2 });
  await tillcast('backup', 'create', 'half.gz');
  const { size } = await stat(join(folder, 'half.gz'));
  await truncate(join(folder, 'half.gz'), Math.floor(size / 2));
  await using other = await freshDatabase();
  const half = await invoke(['backup', 'restore', 'half.gz'], {
    cwd: folder,
    env: { DATABASE_URL: other.url },
  });
  expect(half).toMatchObject({ code: 1, err: expect.stringContaining('is not as it was written') });
  const away = await invoke(['backup', 'create', 'away.gz'], {
    cwd: folder,
    env: { TILLCAST_URL: 'http://127.0.0.1:9' },
  });
  expect(away).toMatchObject({ code: 6 });
  const refused = await invoke(['backup', 'create', 'refused.gz'], {
    cwd: folder,
    env: { TILLCAST_URL: backend.url, TILLCAST_API_KEY: 'not-the-key-of-this-backend' },
  });
  expect(refused).toMatchObject({ code: 4 });
  expect((await readdir(folder)).filter((name) => /away|refused|\.part/.test(name))).toEqual([]);
});
