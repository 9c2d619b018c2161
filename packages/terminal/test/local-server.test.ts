import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { PROBLEM_MEDIA_TYPE } from '@tillcast/protocol/http/problem';
import { CSRF_HEADER } from '@tillcast/protocol/http/till-api';
import { rowOf } from '@tillcast/protocol/items/item';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Page } from './counter/page.ts';
import { product } from './model-catalog.ts';
import { Stage, type Till } from './running-till.ts';

let stage: Stage;
let till: Till;

beforeAll(async () => {
  stage = await Stage.set();
  till = await stage.openLiveTill();
});
afterAll(async () => {
  await till.stop();
  await stage[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Asks with headers that fetch would not let through. */
async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<Answer> {
  const asked = request(till.url + path, { method, headers, agent: false });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** Reads events from the stream until `enough` says so. */
async function readEvents(
  enough: (events: readonly { name: string; data: unknown }[]) => boolean,
  meanwhile: () => Promise<void>,
): Promise<readonly { name: string; data: unknown }[]> {
  const asked = request(`${till.url}/api/events`, { agent: false });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  const events: { name: string; data: unknown }[] = [];
  let name = '';
  let acting: Promise<void> | null = null;
  const lines = createInterface({ input: response });
  // The stream is cut off when the test has read enough.
  for (const part of [response, lines]) part.on('error', () => undefined);
  for await (const line of lines) {
    if (line.startsWith('event: ')) name = line.slice(7);
    if (!line.startsWith('data: ')) continue;
    events.push({ name, data: JSON.parse(line.slice(6)) });
    acting ??= meanwhile();
    if (enough(events)) break;
  }
  await acting;
  asked.destroy();
  return events;
}

test('the items of a kind are given as they are in the catalog; another kind is not found', async () => {
  const { status, body } = await ask('GET', '/api/items/product');
  expect(status).toBe(200);
  expect(JSON.parse(body).items).toEqual(stage.catalog.rows.map((row) => JSON.parse(row.body ?? '')));
  expect(JSON.parse((await ask('GET', '/api/items/table')).body)).toEqual({ items: [] });
  for (const kind of ['products', 'meta', '__proto__', '%2e%2e', "product'--"]) {
    const answer = await ask('GET', `/api/items/${kind}`);
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toContain(PROBLEM_MEDIA_TYPE);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'not_found', status: 404 });
  }
});

test('events tell of a change: its rows, its line in the log, and the state after it', async () => {
  const version = stage.catalog.version + 1;
  const events = await readEvents(
    (seen) =>
      seen.some(({ name, data }) => name === 'state' && (data as { version: number }).version === version),
    () => stage.publish(stage.catalog.setPrice('A', 4.2)),
  );
  expect(events[0]?.name).toBe('state');
  const { name, data } = events.find((event) => event.name === 'items') ?? {};
  expect(name).toBe('items');
  expect(data).toEqual({
    rows: [{ kind: 'product', id: 'A', item: JSON.parse(product('A', 4.2).body ?? '') }],
  });
  const line = events.find((event) => event.name === 'activity')?.data;
  expect(line).toMatchObject({ type: 'price_update', new_price: 4.2, version });
});

test('a change of more items than are told one by one has the page read the catalog anew', async () => {
  const events = await readEvents(
    (seen) => seen.some(({ name }) => name === 'catalog'),
    async () => {
      stage.catalog.commit(Array.from({ length: 800 }, (_, index) => product(`M${index}`, 1)));
      await till.syncNow();
    },
  );
  expect(events.find(({ name }) => name === 'catalog')?.data).toEqual({ version: stage.catalog.version });
  expect(events.some(({ name }) => name === 'items')).toBe(false);
});

test('a reader that reads nothing is kept a bounded backlog, and reads the catalog anew when it goes on', async () => {
  const { port, host } = new URL(till.url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET /api/events HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await once(socket, 'data');
  socket.pause();
  // More than the system's own buffers hold, and the backlog with them.
  const options = Array.from({ length: 100 }, (_, index) => ({
    id: `O${index}`,
    name: 'x'.repeat(190),
  }));
  let bytes = 0;
  for (let round = 0; bytes < 16 * 1_024 * 1_024; round += 1) {
    const rows = Array.from({ length: 100 }, (_, index) =>
      rowOf('modifier', { id: `M${index}`, name: `Choice ${round}`, currency: 'GBP', options }),
    );
    stage.catalog.commit(rows);
    bytes += rows.reduce((sum, { body }) => sum + body.length, 0);
    expect(await till.syncNow()).toMatchObject({ outcome: 'applied' });
  }
  await till.holds(stage.catalog);
  let received = 0;
  const told = Promise.withResolvers<void>();
  socket.on('data', (chunk: Buffer) => {
    received += chunk.byteLength;
    if (chunk.includes('event: catalog')) told.resolve();
  });
  socket.resume();
  await told.promise;
  expect(received).toBeLessThan(bytes);
  socket.destroy();
});

test('[T7] a foreign Host is refused, whatever is asked', async () => {
  const { port } = new URL(till.url);
  for (const host of [
    'till.example',
    `till.example:${port}`,
    '127.0.0.1',
    '127.0.0.1:1',
    `127.0.0.1.nip.io:${port}`,
  ]) {
    for (const path of ['/', '/metrics', '/api/state', '/api/events', '/nothing']) {
      const answer = await ask('GET', path, { host });
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'origin_refused' });
    }
  }
  expect((await ask('GET', '/api/state', { host: `localhost:${port}` })).status).toBe(200);
});

test("[T7] [J7] another page's requests are refused: forms, fetches and event streams", async () => {
  const { host, port } = new URL(till.url);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const asked = stage.backend.asked.length;
  for (const origin of [
    'http://evil.example',
    'null',
    `https://${host}`,
    'http://127.0.0.1:1',
    `http://localhost:${port}`,
  ]) {
    expect((await ask('POST', '/api/sync', { origin, ...form }, 'a=1')).status).toBe(403);
    expect((await ask('GET', '/api/events', { origin })).status).toBe(403);
  }
  for (const site of ['cross-site', 'same-site']) {
    expect(
      (await ask('GET', '/api/state', { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' })).status,
    ).toBe(403);
    expect(
      (await ask('GET', '/api/state', { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' })).status,
    ).toBe(403);
    expect((await ask('POST', '/api/sync', { 'sec-fetch-site': site })).status).toBe(403);
    const link = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' };
    expect((await ask('GET', '/metrics', link)).status).toBe(403);
  }
  expect(stage.backend.asked.length).toBe(asked);
  const ours = { origin: till.url, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };
  expect((await ask('POST', '/api/sync', ours, '{}')).status).toBe(403);
  const page = await Page.open(till.url);
  const shown = { cookie: page.cookie, [CSRF_HEADER]: page.csrf };
  expect((await ask('POST', '/api/sync', { ...ours, ...shown }, '{}')).status).toBe(200);
  expect((await ask('POST', '/api/sync', { ...shown, origin: 'http://evil.example' }, '{}')).status).toBe(
    403,
  );
});

test('[T7] nothing allows another page to read an answer, and the policy lets no foreign script in', async () => {
  for (const path of ['/', '/api/state', '/nothing']) {
    const { headers } = await ask('GET', path);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
  }
});

test('what is not understood is a problem with a status of 4xx, and changes nothing', async () => {
  const page = await Page.open(till.url);
  const shown = { cookie: page.cookie, [CSRF_HEADER]: page.csrf };
  const json = { ...shown, 'content-type': 'application/json' };
  expect((await ask('POST', '/api/sync', json, '{')).status).toBe(400);
  expect((await ask('POST', '/api/sync', json, JSON.stringify('x'.repeat(20_000)))).status).toBe(413);
  expect((await ask('POST', '/api/sync', { ...json, 'content-type': 'text/xml' }, '<a/>')).status).toBe(415);
  expect((await ask('DELETE', '/api/state', shown)).status).toBe(404);
  expect((await ask('GET', '/api/items/%E0%A4%A')).status).toBe(400);
  expect((await ask('GET', '/../../package.json')).status).toBe(404);
});
