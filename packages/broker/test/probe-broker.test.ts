import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { freePort } from '@tillcast/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { probeBroker } from '../src/diagnosis/probe-broker.ts';

/** A port that takes connections and does this with them. */
async function listening(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return port;
}

function probe(port: number) {
  return probeBroker({ url: `amqp://till:secret@127.0.0.1:${port}/shop`, caPem: null, timeoutMs: 500 });
}

test('an address where nobody listens is unreachable, and says so without the login', async () => {
  const port = await freePort();
  const told = await probe(port);
  expect(told).toMatchObject({ address: `127.0.0.1:${port}`, vhost: 'shop', refused: null, node: null });
  expect(told.unreachable).toMatch(/ECONNREFUSED/);
  expect(JSON.stringify(told)).not.toContain('secret');
});

test.each([
  ['hangs up', (socket: Socket) => socket.once('data', () => socket.destroy())],
  ['says nothing', () => undefined],
  [
    'speaks HTTP',
    (socket: Socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  ],
])('an address that takes connections and %s is reachable, and is no broker', async (_, behave) => {
  const told = await probe(await listening(behave));
  expect(told).toMatchObject({ unreachable: null, refused: { code: 'broker_unavailable' }, node: null });
});
