import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseBackendConfig, type RunningBackend, startBackend } from '@tillcast/backend';
import { type FreshVirtualHost, freePort, freshVirtualHost, placeEmbeddedDatabase } from '@tillcast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliOutcome, runTillcast } from './child-cli.ts';

const LICENSE = 'EXTRO-LIFE-CLI001';
let folder: string;
let broker: FreshVirtualHost;
let backend: RunningBackend;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillcast-cli-'));
  broker = await freshVirtualHost();
  await placeEmbeddedDatabase(join(folder, '.tillcast', 'database'));
  backend = await startBackend(
    parseBackendConfig({
      AMQP_URL: broker.amqpUrl,
      TILLCAST_DATA_DIR: join(folder, '.tillcast'),
      PORT: String(await freePort()),
      TILLCAST_AUTH: 'license-key',
      LOG_LEVEL: 'silent',
    }),
  );
  const created = await tillcast('license', 'create', LICENSE, '--name', 'The Shop', '--json');
  expect(JSON.parse(created.out)).toMatchObject({ key: LICENSE, name: 'The Shop', version: 0, items: 0 });
});

afterAll(async () => {
  await backend?.stop();
  await broker?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Run in the folder whose `.tillcast` holds the key, as a person would. */
function tillcast(...argv: string[]): Promise<CliOutcome> {
  return runTillcast(argv, { cwd: folder, env: { TILLCAST_URL: backend.url } });
}

async function file(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(folder, name), content);
  return name;
}

async function license(): Promise<Record<string, unknown>> {
  return JSON.parse((await tillcast('license', 'show', LICENSE, '--json')).out);
}

const GOOD = 'sku,name,category,price_pence\nT1,Tea,Drinks,250\nC1,Cake,Food,300\n';

test('[A2] a strict import with a bad row anywhere changes nothing, and names the rows by line', async () => {
  const before = await license();
  const rows = Array.from({ length: 2000 }, (_, index) => `P${index},Product ${index},All,${index}\n`).join(
    '',
  );
  const path = await file('bad.csv', `sku,name,category,price_pence\n${rows}X1,,All,1\nX2,Two,All,free\n`);
  const { code, out, err } = await tillcast('import', path, '--license', LICENSE);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('Nothing was imported: 2 rows of 2,002 rows');
  expect(err).toContain('line 2002: /name');
  expect(err).toContain('line 2003: /price');
  expect(await license()).toEqual(before);
});

test('a good import is one change; again, it is none; what is missing of a gzip changes nothing', async () => {
  const path = await file('good.csv.gz', gzipSync(GOOD));
  const first = await tillcast('import', path, '--license', LICENSE, '--json');
  expect(first).toMatchObject({ code: 0 });
  expect(JSON.parse(first.out)).toMatchObject({
    version: 1,
    changed: 4,
    read: 2,
    rejected: 0,
    type: 'catalog_update',
  });
  const again = await tillcast('import', path, '--license', LICENSE);
  expect(again.out).toContain('unchanged');
  const broken = await file('broken.csv.gz', gzipSync(GOOD.repeat(1000)).subarray(0, 60));
  expect(await tillcast('import', broken, '--license', LICENSE)).toMatchObject({ code: 2, out: '' });
  expect(await license()).toMatchObject({ version: 1, items: 4 });
});

test('[A2] a partial import takes the good rows, also where only the server sees what is wrong', async () => {
  const before = await license();
  const lines = [
    '{"op":"put","kind":"table","item":{"id":"t1","name":"Table 1"}}',
    '{"op":"put","kind":"table","item":{"id":"t2"}}',
    '{"op":"set_price","product_id":"nowhere","price":1}',
    '{oops',
  ];
  const path = await file('mixed.jsonl', lines.join('\n'));
  const { code, out } = await tillcast('import', path, '--license', LICENSE, '--partial', '--json');
  const report = JSON.parse(out);
  expect({ code, report }).toMatchObject({ code: 0, report: { read: 4, rejected: 3, changed: 1 } });
  expect(report.errors.map(({ pointer }: { pointer: string }) => pointer.split(':')[0]).toSorted()).toEqual([
    'line 2',
    'line 3',
    'line 4',
  ]);
  expect(await license()).toMatchObject({ version: Number(before['version']) + 1 });
});

test('what only the server refuses is told with the line of the file', async () => {
  const lines = ['', '{"id":"t8","name":"Table 8"}', '{"op":"set_price","product_id":"nowhere","price":1}'];
  const path = await file('refused.jsonl', lines.join('\n'));
  const { code, err } = await tillcast('import', path, '--license', LICENSE, '--kind', 'table');
  expect(code).toBeGreaterThan(1);
  expect(err).toContain('line 3');
});

test('a price is published once, and is unchanged the second time', async () => {
  const words = ['publish', 'price', '--license', LICENSE, '--product', 'T1', '--price', '2.60'];
  expect(JSON.parse((await tillcast(...words, '--json')).out)).toMatchObject({
    type: 'price_update',
    changed: 1,
  });
  expect((await tillcast(...words)).out).toContain('unchanged');
  const { code, err } = await tillcast(...words.with(-1, '2.605'));
  expect(code).toBe(2);
  expect(err).toContain('decimal digits');
});

test('items of every kind are written and deleted', async () => {
  const samples = {
    category: { id: 'c', name: 'C' },
    modifier: { id: 'm', name: 'M', currency: 'GBP', options: [{ id: 'o', name: 'O' }] },
    product: { id: 'p', name: 'P', price: 1, currency: 'GBP' },
    table: { id: 't', name: 'T' },
    user: { id: 'u', name: 'U' },
  };
  for (const [kind, item] of Object.entries(samples)) {
    const written = await tillcast(
      'publish',
      kind,
      '--license',
      LICENSE,
      '--item',
      JSON.stringify(item),
      '--json',
    );
    expect(JSON.parse(written.out)).toMatchObject({ type: `${kind}_update`, changed: 1 });
    const deleted = await tillcast('publish', 'delete', kind, item.id, '--license', LICENSE, '--json');
    expect(JSON.parse(deleted.out)).toMatchObject({ type: `${kind}_delete`, changed: 1 });
  }
});

test('a replay counts what changed, what was so and what is not there', async () => {
  const recording = [
    'at,sku,old_pence,new_pence',
    '2011-01-01 10:00:00,C1,300,310',
    '2011-01-01 10:00:01,C1,310,310',
    '2011-01-01 10:00:02,GONE,1,2',
  ];
  const path = await file('changes.csv.gz', gzipSync(recording.join('\n')));
  const { code, out } = await tillcast('replay', path, '--license', LICENSE, '--speed', '1000', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    rows: 3,
    interrupted: false,
    licenses: [{ license_key: LICENSE, sent: 3, changed: 1, unchanged: 1, unknown: 1 }],
  });
});

test('a license is suspended, resumed and listed; what waits for the broker is in the status', async () => {
  expect((await tillcast('license', 'suspend', LICENSE)).out).toContain('suspended');
  expect((await tillcast('license', 'resume', LICENSE)).out).toContain('active');
  const listed = JSON.parse((await tillcast('license', 'list', '--json')).out);
  expect(listed.licenses).toEqual([expect.objectContaining({ key: LICENSE, status: 'active' })]);
  const status = JSON.parse((await tillcast('sync', 'status', '--license', LICENSE, '--json')).out);
  expect(status.licenses).toEqual([expect.objectContaining({ key: LICENSE, terminals: [] })]);
});

test('a notice is broadcast', async () => {
  const { code, out } = await tillcast(
    'broadcast',
    'system_notice',
    '--message',
    'Hello',
    '--expires-in',
    '1h',
    '--json',
  );
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ id: expect.any(String), expires_at: expect.any(String) });
});

test('[K1] each failure has its exit code', async () => {
  expect(await tillcast('license', 'show', 'EXTRO-LIFE-NOBODY')).toMatchObject({ code: 3, out: '' });
  expect(await tillcast('license', 'create', LICENSE)).toMatchObject({ code: 5, out: '' });
  expect(await tillcast('import', 'nowhere.csv', '--license', LICENSE)).toMatchObject({ code: 3, out: '' });
  const strangers = { cwd: folder, env: { TILLCAST_URL: backend.url, TILLCAST_API_KEY: 'k'.repeat(40) } };
  expect(await runTillcast(['license', 'list'], strangers)).toMatchObject({ code: 4, out: '' });
  const away = { cwd: folder, env: { TILLCAST_URL: `http://127.0.0.1:${await freePort()}` } };
  expect(await runTillcast(['license', 'list'], away)).toMatchObject({ code: 6, out: '' });
});
