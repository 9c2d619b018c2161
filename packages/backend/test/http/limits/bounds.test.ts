import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { LICENSE_KEY_HEADER, SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API_KEY, type MeasuredBackend, startMeasuredBackend } from './measured-backend.ts';

/** What the worst of it may cost. */
const MAX_MORE_MIB = 50;
const MIB = 1024 * 1024;
const CHANGES = ADMIN_PATHS.changes('NOBODY-LIFE-1');

let on: MeasuredBackend;
beforeAll(async () => {
  on = await startMeasuredBackend({
    TILLCAST_RATE_LIMITS: 'off',
    TILLCAST_AUTH: 'license-key',
    VALID_LICENSE_KEY: 'BOUNDS-LIFE-ABC123',
  });
  // What any traffic costs is no matter here: small bodies, and such as are nearly too large.
  for (let turn = 0; turn < 100; turn += 1) await post(CHANGES, JSON.stringify('x'.repeat(1_000_000)));
  for (let turn = 0; turn < 300; turn += 1) {
    await post(CHANGES, JSON.stringify({ operations: [{ op: 'x'.repeat(1_000) }] }));
  }
});
afterAll(() => on[Symbol.asyncDispose]());

/** Does something to the backend; gives by how much its memory grew at most, in MiB. */
async function growth(work: () => Promise<void>): Promise<number> {
  const before = await on.memoryMiB();
  let most = before;
  let going = true;
  const watching = (async () => {
    while (going) {
      most = Math.max(most, await on.memoryMiB());
      await sleep(10);
    }
  })();
  try {
    await work();
  } finally {
    going = false;
    await watching;
  }
  return most - before;
}

async function post(
  path: string,
  body: string | Buffer<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(on.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: answer.status, text: await answer.text() };
}

/** Sends bytes on a connection of its own; gives all that comes back until the server ends it. */
async function sendRaw(parts: Iterable<string | Buffer>): Promise<string> {
  const socket = connect(on.port, '127.0.0.1');
  const answer: Buffer[] = [];
  socket.on('data', (chunk) => void answer.push(chunk));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  // The server may end it while we are still sending.
  socket.on('error', () => socket.destroy());
  for (const part of parts) {
    if (socket.destroyed) break;
    if (!socket.write(part)) await Promise.race([drained(socket), closed]);
  }
  await closed;
  return Buffer.concat(answer).toString('latin1');
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', () => resolve()));
}

function* chunksOf(totalMiB: number): Generator<Buffer> {
  const chunk = Buffer.alloc(MIB, 0x20);
  for (let sent = 0; sent < totalMiB; sent += 1) {
    yield Buffer.concat([Buffer.from(`${MIB.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);
  }
}

const head = (...lines: readonly string[]): string =>
  [`POST ${CHANGES} HTTP/1.1`, 'Host: till', `Authorization: Bearer ${API_KEY}`, ...lines, '', ''].join(
    '\r\n',
  );

test('[F6] a body of 100 MiB is refused, said beforehand or not, and costs next to nothing', async () => {
  const more = await growth(async () => {
    const said = await sendRaw([
      head('Content-Type: application/json', `Content-Length: ${100 * MIB}`, 'Connection: close'),
    ]);
    expect(said).toContain('HTTP/1.1 413');
    expect(said).toContain('request_too_large');
    const unsaid = [head('Content-Type: application/json', 'Transfer-Encoding: chunked'), ...chunksOf(100)];
    // Where the line is cut while we are still sending, the answer may be lost with it.
    expect(await sendRaw(unsaid)).toMatch(/^$|HTTP\/1\.1 413/);
  });
  expect(more).toBeLessThan(MAX_MORE_MIB);
});

test('[F6] JSON of a hundred thousand levels, or of more values than any request has, is refused', async () => {
  const bodies: readonly (readonly [string, string])[] = [
    ['['.repeat(100_000), 'nested more than 32 levels'],
    ['{"a":'.repeat(100_000), 'nested more than 32 levels'],
    [`[${'0,'.repeat(500_000)}0]`, 'holds more than 100000 values'],
    [
      `{${Array.from({ length: 60_000 }, (_, index) => `"${index}":0`).join(',')}}`,
      'holds more than 100000 values',
    ],
  ];
  const more = await growth(async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      for (const [body, why] of bodies) {
        const { status, text } = await post(CHANGES, body);
        expect({ status, text }).toEqual({ status: 400, text: expect.stringContaining(why) });
      }
    }
  });
  expect(more).toBeLessThan(MAX_MORE_MIB);
});

test('[F6] a refusal is short, however much is wrong', async () => {
  const keys = Array.from({ length: 40_000 }, (_, index) => `"unknown${index}":0`).join(',');
  const { status, text } = await post(CHANGES, `{${keys}}`);
  expect({ status, short: text.length < 5_000 }).toEqual({ status: 400, short: true });
});

test('[F6] a gigabyte that was compressed to a megabyte is not inflated', async () => {
  const bomb = gzipSync(Buffer.alloc(256 * MIB), { level: 9 });
  const more = await growth(async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      expect((await post(CHANGES, bomb, { 'content-encoding': 'gzip' })).status).toBe(415);
    }
  });
  expect(more).toBeLessThan(MAX_MORE_MIB);
});

test('[F6] what needs no credentials takes 16 KiB at most', async () => {
  const body = JSON.stringify({ name: 'x'.repeat(20_000) });
  expect((await post(IDENTITY_PATHS.activate, body)).status).toBe(413);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  expect((await post(IDENTITY_PATHS.token, `a=${'x'.repeat(20_000)}`, form)).status).toBe(413);
});

test('[F6] what a till sends takes 64 KiB at most', async () => {
  const till = { authorization: '', [LICENSE_KEY_HEADER]: 'BOUNDS-LIFE-ABC123' };
  const report = (length: number): string => JSON.stringify({ cursor: 'x'.repeat(length) });
  expect((await post(SYNC_PATHS.status, report(70_000), till)).status).toBe(413);
  expect((await post(SYNC_PATHS.status, report(50_000), till)).status).toBe(400);
});

test('[F6] headers beyond 16 KiB, or more than a hundred of them, are refused', async () => {
  const many = Array.from({ length: 150 }, (_, index) => `a${index}: b`).join('\r\n');
  for (const lines of [`X-Large: ${'x'.repeat(20_000)}`, many]) {
    const answer = await sendRaw([`GET /health HTTP/1.1\r\nHost: till\r\n${lines}\r\n\r\n`]);
    expect(answer).toContain('HTTP/1.1 413');
    expect(answer).toContain('request_too_large');
  }
});

test('[F6] thousands of requests in one breath on one connection cost next to nothing', async () => {
  const request = 'GET /health HTTP/1.1\r\nHost: till\r\n\r\n';
  const last = 'GET /health HTTP/1.1\r\nHost: till\r\nConnection: close\r\n\r\n';
  const more = await growth(async () => {
    const answers = await sendRaw([request.repeat(5_000), last]);
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(5_001);
  });
  expect(more).toBeLessThan(MAX_MORE_MIB);
});

test('[F6] five hundred bodies that never end hold nobody up', async () => {
  const sockets: Socket[] = [];
  const more = await growth(async () => {
    for (let count = 0; count < 500; count += 1) {
      const socket = connect(on.port, '127.0.0.1');
      socket.on('error', () => socket.destroy());
      socket.write(`${head('Content-Type: application/json', 'Content-Length: 1000000')}{"operations":[`);
      sockets.push(socket);
    }
    for (let turn = 0; turn < 50; turn += 1) expect((await fetch(`${on.url}/health`)).status).toBe(200);
  });
  for (const socket of sockets) socket.destroy();
  expect(more).toBeLessThan(MAX_MORE_MIB);
});
