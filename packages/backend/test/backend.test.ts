import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { licenseSchema } from '@tillcast/protocol/http/admin-api';
import { snapshotSchema } from '@tillcast/protocol/http/sync-api';
import { type FreshVirtualHost, freePort, freshVirtualHost, placeEmbeddedDatabase } from '@tillcast/testkit';
import { type Logger, pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startBackend } from '../src/backend.ts';
import { type BackendConfig, parseBackendConfig } from '../src/config/backend-config.ts';

const LICENSE = 'EXTRO-LIFE-ABC123';

let vhost: FreshVirtualHost;
beforeAll(async () => {
  vhost = await freshVirtualHost();
});
afterAll(() => vhost.drop());

let dataDir: string;
let lines: string[];
let logger: Logger;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tillcast-backend-'));
  await placeEmbeddedDatabase(join(dataDir, 'database'));
  lines = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  logger = pino({ level: 'info' }, sink);
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function configure(env: Readonly<Record<string, string>> = {}): Promise<BackendConfig> {
  return parseBackendConfig({
    PORT: String(await freePort()),
    TILLCAST_DATA_DIR: dataDir,
    AMQP_URL: vhost.amqpUrl,
    VALID_LICENSE_KEY: LICENSE,
    TILLCAST_AUTH: 'license-key',
    ...env,
  });
}

async function apiKey(): Promise<string> {
  return (await readFile(join(dataDir, 'admin-api-key'), 'utf8')).trim();
}

async function setPrice(url: string, price: number): Promise<Response> {
  const item = { id: 'A', name: 'Tea', price, currency: 'GBP' };
  return fetch(`${url}/api/v1/admin/licenses/${LICENSE}/changes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await apiKey()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ operations: [{ op: 'put', kind: 'product', item }] }),
  });
}

async function publishedVersion(url: string): Promise<number> {
  const answer = await fetch(`${url}/api/v1/admin/licenses/${LICENSE}`, {
    headers: { authorization: `Bearer ${await apiKey()}` },
  });
  return licenseSchema.parse(await answer.json()).published_version;
}

test('a backend starts, takes a change, publishes it, and stops', async () => {
  await using backend = await startBackend(await configure(), { logger });
  expect((await setPrice(backend.url, 2.5)).status).toBe(200);
  await vi.waitUntil(async () => (await publishedVersion(backend.url)) === 1, { timeout: 30_000 });
  expect((await fetch(`${backend.url}/ready`)).status).toBe(200);
  const metrics = await (await fetch(`${backend.url}/metrics`)).text();
  expect(metrics).toMatch(/tillcast_published_messages_total\{type="product_update"\} 1/);
  expect(metrics).toMatch(/tillcast_commits_total\{type="product_update"\} 1/);
  expect(metrics).toMatch(/tillcast_broker_ready 1/);
  expect(metrics).toMatch(/tillcast_relay_shards_owned [1-9]/);
  await backend.stop();
  await backend.stop();
  await expect(fetch(`${backend.url}/health`)).rejects.toThrow('fetch failed');
  const log = lines.join('');
  expect(log).toContain('a power cut may lose the last changes');
  expect(log).not.toContain(await apiKey());
  expect(log).not.toContain(vhost.credentials.password);
});

test('a second start has all that the first one knew, its API key too', async () => {
  const config = await configure();
  const first = await startBackend(config, { logger });
  await setPrice(first.url, 3.75);
  const key = await apiKey();
  await first.stop();
  await using second = await startBackend(config, { logger });
  expect(await apiKey()).toBe(key);
  const answer = await fetch(`${second.url}/api/v1/sync/full_data`, {
    headers: { 'x-license-key': LICENSE },
  });
  expect(snapshotSchema.parse(await answer.json())).toMatchObject({
    version: 1,
    products: [{ price: 3.75 }],
  });
  expect((await setPrice(second.url, 4)).status).toBe(200);
});

test('[P3] without a broker it starts, takes changes, and says that it is not ready', async () => {
  const config = await configure({ AMQP_URL: `amqp://127.0.0.1:${await freePort()}` });
  await using backend = await startBackend(config, { logger });
  expect((await setPrice(backend.url, 2.5)).status).toBe(200);
  const ready = await fetch(`${backend.url}/ready`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ code: 'broker_unavailable', errors: [{ pointer: '/broker' }] });
  await expect(publishedVersion(backend.url)).resolves.toBe(0);
});

describe('a start that fails', () => {
  test('a busy port is named with what to do, and all that was started is stopped', async () => {
    const config = await configure();
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen(config.http.port, '127.0.0.1', resolve));
    try {
      await expect(startBackend(config, { logger })).rejects.toMatchObject({
        code: 'port_in_use',
        message: expect.stringMatching(/--port or PORT/),
      });
    } finally {
      await new Promise((resolve) => void other.close(resolve));
    }
    // The lock on the data directory was given back, and nobody is connected to the broker.
    await using again = await startBackend(config, { logger });
    expect((await fetch(`${again.url}/health`)).status).toBe(200);
  });

  test('an address that is not this machine’s is named', async () => {
    const config = await configure({ HOST: '192.0.2.1', TILLCAST_PLAINTEXT: 'allowed' });
    await expect(startBackend(config, { logger })).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringContaining('192.0.2.1'),
    });
  });

  test('a database that is not there is said before anything listens', async () => {
    const config = await configure({
      DATABASE_URL: `postgresql://nobody@127.0.0.1:${await freePort()}/tillcast`,
    });
    await expect(startBackend(config, { logger })).rejects.toMatchObject({ code: 'database_unavailable' });
    await expect(fetch(`http://127.0.0.1:${config.http.port}/health`)).rejects.toThrow('fetch failed');
  });

  test('a data directory that another backend uses is refused', async () => {
    await using first = await startBackend(await configure(), { logger });
    await expect(startBackend(await configure(), { logger })).rejects.toMatchObject({ code: 'data_in_use' });
    expect((await fetch(`${first.url}/health`)).status).toBe(200);
  });
});

test('open requests finish while it stops', async () => {
  const backend = await startBackend(await configure(), { logger });
  const url = `${backend.url}/api/v1/admin/licenses/${LICENSE}/import`;
  const gate = Promise.withResolvers<void>();
  const line = JSON.stringify({
    op: 'put',
    kind: 'product',
    item: { id: 'A', name: 'A', price: 1, currency: 'GBP' },
  });
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(Buffer.from(`${line}\n`));
      await gate.promise;
      controller.enqueue(Buffer.from(`${line.replaceAll('"A"', '"B"')}\n`));
      controller.close();
    },
  });
  const importing = fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${await apiKey()}`, 'content-type': 'application/x-ndjson' },
    body,
    duplex: 'half',
  });
  await vi.waitUntil(() => lines.join('').includes('An import begins'), { timeout: 30_000 });
  const stopped = backend.stop();
  gate.resolve();
  const answer = await importing;
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ changed: 2 });
  await stopped;
});

test('[S8] bytes that are not HTTP are answered with a problem', async () => {
  await using backend = await startBackend(await configure(), { logger });
  const { connect } = await import('node:net');
  const socket = connect(Number(new URL(backend.url).port), '127.0.0.1');
  socket.write('\u0000nonsense\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString();
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).toContain('application/problem+json');
  expect(text).toContain('"code":"request_invalid"');
});
