import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type FaultProxy, openFaultProxy } from '../../src/index.ts';
import { type EchoServer, startEchoServer } from './echo-server.ts';

async function setUp(): Promise<{ readonly echo: EchoServer; readonly proxy: FaultProxy }> {
  const echo = await startEchoServer();
  const proxy = await openFaultProxy({ target: echo.port });
  onTestFinished(async () => {
    await proxy.close();
    await echo[Symbol.asyncDispose]();
  });
  return { echo, proxy };
}

interface Client {
  readonly socket: Socket;
  readonly heard: () => string;
  /** `end` or an error's code, once it is over. */
  readonly over: () => string | null;
}

function dial(port: number): Client {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let heard = '';
  let over: string | null = null;
  socket.on('data', (bytes) => (heard += bytes.toString('latin1')));
  socket.on('end', () => (over = 'end'));
  socket.on('error', (error: NodeJS.ErrnoException) => (over = error.code ?? error.message));
  return { socket, heard: () => heard, over: () => over };
}

function soon(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 5 });
}

test('without faults all bytes pass both ways, and both ends learn of the end', async () => {
  const { echo, proxy } = await setUp();
  const client = dial(proxy.port);
  const text = 'x'.repeat(1_000_000);
  client.socket.write(text);
  await soon(() => expect(client.heard()).toHaveLength(text.length));
  client.socket.end();
  await soon(() => expect(client.over()).toBe('end'));
  await soon(() => expect([echo.open(), proxy.openLines()]).toEqual([0, { ofClients: 0, atServer: 0 }]));
});

test('latency delays what is sent and keeps its order', async () => {
  const { proxy } = await setUp();
  proxy.suffer({ latencyMs: 100, jitterMs: 50 });
  const client = dial(proxy.port);
  const startedMs = performance.now();
  for (const letter of 'abcdefghij') {
    client.socket.write(letter);
    await pause(1);
  }
  await soon(() => expect(client.heard()).toBe('abcdefghij'));
  expect(performance.now() - startedMs).toBeGreaterThan(190);
});

test('a slow line passes no more than its bytes a second, and the rest at once when it is healed', async () => {
  const { proxy } = await setUp();
  proxy.suffer({ bytesPerSecond: 2_000 });
  const client = dial(proxy.port);
  client.socket.write('y'.repeat(200_000));
  await pause(1_000);
  expect(client.heard().length).toBeLessThan(3_000);
  proxy.heal();
  await soon(() => expect(client.heard()).toHaveLength(200_000));
});

test('through a black hole nothing comes, not even an end; when it closes, all comes in order', async () => {
  const { echo, proxy } = await setUp();
  const [speaking, ending] = [dial(proxy.port), dial(proxy.port)];
  speaking.socket.write('before ');
  ending.socket.write('x');
  await soon(() => expect([speaking.heard(), ending.heard()]).toEqual(['before ', 'x']));
  proxy.suffer({ traffic: 'held' });
  const newcomer = dial(proxy.port);
  speaking.socket.write('during ');
  newcomer.socket.write('new');
  ending.socket.end();
  await pause(100);
  expect([speaking.heard(), newcomer.heard(), ending.over(), echo.open()]).toEqual(['before ', '', null, 2]);
  proxy.heal();
  speaking.socket.write('after');
  await soon(() => expect(speaking.heard()).toBe('before during after'));
  await soon(() => expect([newcomer.heard(), ending.over(), echo.open()]).toEqual(['new', 'end', 2]));
});

test('an abandoned line is silent for good, and neither end hears of it; a new one is served', async () => {
  const { echo, proxy } = await setUp();
  const client = dial(proxy.port);
  client.socket.write('a');
  await soon(() => expect(client.heard()).toBe('a'));
  proxy.abandon();
  client.socket.write('b');
  const next = dial(proxy.port);
  next.socket.write('c');
  await soon(() => expect(next.heard()).toBe('c'));
  expect([client.heard(), client.over(), echo.open()]).toEqual(['a', null, 2]);
  client.socket.destroy();
  await soon(() => expect(proxy.openLines()).toEqual({ ofClients: 1, atServer: 2 }));
  expect(echo.open()).toBe(2);
});

test('an ignored newcomer is accepted and never hears a word; those before it go on', async () => {
  const { echo, proxy } = await setUp();
  const before = dial(proxy.port);
  before.socket.write('a');
  await soon(() => expect(before.heard()).toBe('a'));
  proxy.suffer({ newcomers: 'ignored' });
  const ignored = dial(proxy.port);
  ignored.socket.write('hello');
  before.socket.write('b');
  await soon(() => expect(before.heard()).toBe('ab'));
  await soon(() => expect(proxy.tally.lines).toBe(2));
  proxy.heal();
  await pause(50);
  expect([ignored.heard(), ignored.over(), echo.open()]).toEqual(['', null, 1]);
  ignored.socket.end();
  await soon(() => expect(proxy.openLines()).toEqual({ ofClients: 1, atServer: 1 }));
});

test('a reset tears all lines off, a refusal lets nobody in, and both can be taken back', async () => {
  const { echo, proxy } = await setUp();
  const client = dial(proxy.port);
  client.socket.write('a');
  await soon(() => expect(client.heard()).toBe('a'));
  proxy.refuse();
  const refused = dial(proxy.port);
  await soon(() => expect(refused.over()).toBe('ECONNREFUSED'));
  client.socket.write('b');
  await soon(() => expect(client.heard()).toBe('ab'));
  proxy.reset();
  await soon(() => expect([client.over(), echo.open()]).toEqual(['ECONNRESET', 0]));
  await proxy.accept();
  const again = dial(proxy.port);
  again.socket.write('c');
  await soon(() => expect(again.heard()).toBe('c'));
});

test('where the server refuses, the client is torn off', async () => {
  const { echo, proxy } = await setUp();
  await echo[Symbol.asyncDispose]();
  const client = dial(proxy.port);
  await soon(() => expect(client.over()).toBe('ECONNRESET'));
});

test('held in one direction, the other one passes', async () => {
  const { echo, proxy } = await setUp();
  const client = dial(proxy.port);
  client.socket.write('a');
  await soon(() => expect(client.heard()).toBe('a'));
  proxy.suffer({ traffic: 'held_to_client' });
  client.socket.end('b');
  await soon(() => expect(echo.open()).toBe(0));
  expect([client.heard(), client.over()]).toEqual(['a', null]);
  proxy.heal();
  await soon(() => expect([client.heard(), client.over()]).toEqual(['ab', 'end']));
});

test.each([
  { what: 'pass', passes: true, heardByServer: 'abd' },
  { what: 'do not pass', passes: false, heardByServer: 'a' },
  { what: 'pass in part', passes: (bytes: Buffer): number => bytes.indexOf('d'), heardByServer: 'ab' },
])(
  'an intercepted line is dead from the bytes on that are waited for, which $what',
  async ({ passes, heardByServer }) => {
    const heard: string[] = [];
    const { echo, proxy } = await setUp();
    const behind = await openFaultProxy({ target: echo.port });
    onTestFinished(() => behind.close());
    proxy.lead(behind.port);
    void behind.intercept({ sees: (bytes) => heard.push(bytes.toString()) < 0, passes: true });
    const [client, other] = [dial(proxy.port), dial(proxy.port)];
    const happened = proxy.intercept({ sees: (bytes) => bytes.includes('b'), passes });
    client.socket.write('a');
    await soon(() => expect(client.heard()).toBe('a'));
    client.socket.write('bd');
    await happened;
    other.socket.write('c');
    await soon(() => expect(other.heard()).toBe('c'));
    expect(heard.join('')).toBe(`${heardByServer}c`);
    expect([client.heard(), client.over()]).toEqual(['a', null]);
    // It was waited for once.
    other.socket.write('b');
    await soon(() => expect(other.heard()).toBe('cb'));
  },
);
