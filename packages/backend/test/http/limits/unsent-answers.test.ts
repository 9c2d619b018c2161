import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { UNSENT_BOUNDS, UnsentAnswers } from '../../../src/http/limits/unsent-answers.ts';
import { sendProblem } from '../../../src/http/problems.ts';
import { BackendMetrics } from '../../../src/metrics/metrics.ts';

const MIB = 1024 * 1024;
/** More than the system keeps of a connection for a client that does not read. */
const BODY_BYTES = 16 * MIB;
const SHARED = Buffer.alloc(BODY_BYTES, 0x20);
const BOUNDS = {
  licenseBytes: 65 * MIB,
  addressBytes: 40 * MIB,
  totalBytes: 200 * MIB,
  fairBytes: MIB,
  silenceMs: 60_000,
};
const LAZY = 1;
const SOON = { timeout: 50_000, interval: 20 };
vi.setConfig({ testTimeout: 60_000 });
const params = z.object({ license: z.coerce.number(), body: z.string() });

const sockets: Socket[] = [];
let unsent: UnsentAnswers;
let app: FastifyInstance;
let port: number;

async function serve(bounds: Partial<typeof BOUNDS> = {}): Promise<void> {
  unsent = new UnsentAnswers({ metrics: new BackendMetrics(), bounds: { ...BOUNDS, ...bounds } });
  app = Fastify({ forceCloseConnections: true });
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error));
  unsent.guard(app);
  app.get('/:license/:body', async (request, reply) => {
    const { license, body } = params.parse(request.params);
    if (license > 0) unsent.countFor(request, license);
    if (body === 'small') return reply.send('{}');
    reply.header('content-encoding', 'identity').header('etag', 'W/"1"');
    return reply.send(body === 'shared' ? SHARED : Buffer.alloc(BODY_BYTES, 0x21));
  });
  port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
}

beforeEach(() => serve());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

/** Asks on a connection of its own, in one breath, and reads nothing. */
function askWithoutReading(path: string, times = 1): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.pause();
  socket.on('error', () => socket.destroy());
  socket.write(`GET ${path} HTTP/1.1\r\nHost: till\r\n\r\n`.repeat(times));
  sockets.push(socket);
  return socket;
}

async function ask(path: string): Promise<{ readonly status: number; readonly bytes: number }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
}

const WHOLE = { status: 200, bytes: BODY_BYTES };

test.each([
  ['on a connection each', 5, 1],
  ['in one breath', 1, 5],
])(
  '[F10] who asks for bodies %s and reads none is turned away, and another license is answered',
  async (_how, connections, times) => {
    for (let count = 0; count < connections; count += 1) askWithoutReading(`/${LAZY}/own`, times);
    await vi.waitFor(() => expect(unsent.bytesOf(`license ${LAZY}`)).toBeGreaterThan(64 * MIB), SOON);
    expect(unsent.bytesOf()).toBeLessThan(BOUNDS.licenseBytes);

    const refused = await fetch(`http://127.0.0.1:${port}/${LAZY}/own`);
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'retry-after': expect.stringMatching(/^\d+$/),
    });
    expect([refused.headers.get('etag'), refused.headers.get('content-encoding')]).toEqual([null, null]);
    expect({ status: refused.status, body: await refused.json() }).toMatchObject({
      status: 503,
      body: { code: 'overloaded' },
    });
    expect(await ask(`/${LAZY}/small`)).toEqual({ status: 200, bytes: 2 });
    expect(await ask(`/${LAZY + 1}/own`)).toEqual(WHOLE);

    for (const socket of sockets.splice(0)) socket.destroy();
    await vi.waitFor(() => expect(unsent.bytesOf()).toBe(0), SOON);
    expect(await ask(`/${LAZY}/own`)).toEqual(WHOLE);
    await vi.waitFor(() => expect(unsent.bytesOf()).toBe(0), SOON);
  },
);

test('[F10] a body that many are sent counts once: a hundred that read nothing leave room', async () => {
  for (let count = 0; count < 100; count += 1) askWithoutReading(`/${LAZY}/shared`);
  await vi.waitFor(() => expect(unsent.bytesOf()).toBeGreaterThan(BODY_BYTES + 100 * 128 * 1024), SOON);
  expect(unsent.bytesOf()).toBeLessThan(BODY_BYTES + 100 * 140 * 1024);
  expect(await ask(`/${LAZY}/shared`)).toEqual(WHOLE);
});

test('[F10] a thousand tills of one license that take a snapshot of 20 MiB at once, and slowly, are all answered', async () => {
  await app.close();
  await serve(UNSENT_BOUNDS);
  const snapshot = Buffer.alloc(20 * MIB, 0x20);
  app = Fastify({ forceCloseConnections: true });
  unsent.guard(app);
  app.get('/', async (request, reply) => {
    unsent.countFor(request, LAZY);
    return reply.send(snapshot);
  });
  // Where the system keeps little of a connection, so that a thousand of them are nothing.
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-unsent-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'socket');
  await app.listen({ path });
  const statuses = new Set<string>();
  for (let till = 0; till < 1_000; till += 1) {
    const socket = connect(path);
    sockets.push(socket);
    socket.write('GET / HTTP/1.1\r\nHost: till\r\n\r\n');
    const [piece]: unknown[] = await once(socket, 'data');
    socket.pause();
    statuses.add(String(piece).slice(9, 12));
  }
  expect([...statuses]).toEqual(['200']);
  expect(unsent.bytesOf()).toBeGreaterThan(140 * MIB);
});

test('[F10] an address that nobody was admitted from has a bound of its own, and one body is always sent', async () => {
  askWithoutReading('/0/own', 2);
  await vi.waitFor(() => expect(unsent.bytesOf('address 127.0.0.1')).toBeGreaterThan(32 * MIB), SOON);
  expect((await ask('/0/own')).status).toBe(503);
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
  await serve({ addressBytes: MIB });
  expect(await ask('/0/own')).toEqual(WHOLE);
});

test('[F10] where all of it is too much, who has most is refused, and who asks for little is answered', async () => {
  await app.close();
  await serve({ totalBytes: 60 * MIB, fairBytes: 20 * MIB });
  for (let license = 1; license <= 3; license += 1) askWithoutReading(`/${license}/own`);
  await vi.waitFor(() => expect(unsent.bytesOf()).toBeGreaterThan(48 * MIB), SOON);
  expect((await ask('/1/own')).status).toBe(503);
  expect(await ask('/4/own')).toEqual(WHOLE);
});

test('[F10] refusals that nobody reads pile up no further than twice the bound', async () => {
  await app.close();
  await serve({ addressBytes: 2 * MIB });
  const socket = askWithoutReading('/0/small', 2_000);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let answers = '';
  socket.on('data', (piece) => void (answers += piece.toString()));
  socket.resume();
  await closed;
  expect(answers.match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThan(600);
  await vi.waitFor(() => expect(unsent.bytesOf()).toBe(0), SOON);
});

test('[F10] who takes nothing for a while is cut off; who takes a little now and then gets it all', async () => {
  await app.close();
  await serve({ silenceMs: 1_500 });
  askWithoutReading(`/${LAZY}/own`);
  const slow = connect(port, '127.0.0.1');
  sockets.push(slow);
  slow.write(`GET /${LAZY}/shared HTTP/1.1\r\nHost: till\r\nConnection: close\r\n\r\n`);
  let taken = 0;
  slow.on('data', (piece) => {
    taken += piece.length;
    slow.pause();
    setTimeout(() => slow.resume(), 5);
  });
  await new Promise<void>((resolve) => slow.once('close', () => resolve()));
  expect(taken).toBeGreaterThan(BODY_BYTES);
  await vi.waitFor(() => expect(unsent.bytesOf()).toBe(0), SOON);
});
