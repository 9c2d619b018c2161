import { createServer, type Socket } from 'node:net';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf, routingKeyOf } from '@tillcast/protocol/routing';
import { expect, onTestFinished, test } from 'vitest';
import {
  BrokerConnection,
  type ConnectionState,
  type Logger,
  Publisher,
  Subscriber,
  silentLogger,
  wasTurnedOut,
} from '../src/index.ts';
import { eventually, message, useBroker } from './test-node.ts';

const broker = useBroker();
const LICENSE = parseLicenseKey('EXTRO-LIFE-ABC123');

function recordingLogger(): { logger: Logger; warnings: string[] } {
  const warnings: string[] = [];
  return { warnings, logger: { ...silentLogger, warn: (_fields, text) => warnings.push(text) } };
}

test('[Q4] a connection that the broker closes comes back, with its publisher and its subscriber', async () => {
  const { management, vhost, node, connection: connect } = await broker();
  const connection = connect();
  const states: ConnectionState['status'][] = [];
  connection.onStateChange((state) => states.push(state.status));
  const publisher = new Publisher({ connection });
  const attached: string[] = [];
  const received: (string | null)[] = [];
  const subscriber = new Subscriber({
    connection,
    terminalId: '0192f0c1-2345-7000-8000-000000000001',
    bindings: bindingsOf(LICENSE),
    handler: (delivery) => void received.push(delivery.messageId),
    onError: (error) => expect.fail(String(error)),
    onAttached: (queue) => attached.push(queue),
  });
  connection.start();
  publisher.start();
  await publisher.whenReady(20_000);
  subscriber.start();
  await eventually(() => attached.length === 1);
  await management.closeConnectionsOfUser(node.credentials.username, 'closed by a test');
  await eventually(() => attached.length === 2 && publisher.ready);
  expect(states).toEqual(['connecting', 'up', 'down', 'connecting', 'up']);
  await publisher.publish(message(routingKeyOf(LICENSE, 'price_update'), 'after'));
  await eventually(() => received.length === 1);
  await eventually(async () => (await management.listQueues(vhost)).length === 1);
  await subscriber.stop();
  await publisher.stop();
});

test('[Q4] a connection whose network is cut is gone without a goodbye, connects to nothing, and comes back with the network', async () => {
  const { management, vhost, connection: connect } = await broker();
  let network = new AbortController();
  const connection = connect({ connectionName: 'cut', link: () => network.signal });
  const states: ConnectionState['status'][] = [];
  connection.start();
  await connection.whenUp(20_000);
  connection.onStateChange(({ status }) => states.push(status));
  network.abort(new Error('the network is cut'));
  await eventually(() => states.filter((status) => status === 'down').length >= 2);
  expect(states).not.toContain('up');
  await eventually(async () => (await management.listConnections(vhost)).length === 0);
  network = new AbortController();
  await connection.whenUp(20_000);
});

test('one connection can be closed by its listed name, and no other is', async () => {
  const { management, vhost, connection: connect } = await broker();
  const [first, second] = [connect({ connectionName: 'first' }), connect({ connectionName: 'second' })];
  first.start();
  second.start();
  await Promise.all([first.whenUp(20_000), second.whenUp(20_000)]);
  const states: string[] = [];
  second.onStateChange((state) => states.push(state.status));
  const listed = await eventually(async () =>
    (await management.listConnections(vhost)).find((each) => each.clientName === 'first'),
  );
  const turnedOut: boolean[] = [];
  first.onStateChange((state) => {
    if (state.status === 'down') turnedOut.push(wasTurnedOut(state.reason));
  });
  await management.closeConnection(listed.name, 'closed by a test');
  await eventually(() => turnedOut.length > 0);
  expect(turnedOut).toEqual([true]);
  await first.whenUp(20_000);
  expect(states).toEqual([]);
});

test('a wrong password is an error of its own, is retried slowly, and is reported once', async () => {
  const { url } = await broker();
  const { logger, warnings } = recordingLogger();
  const wrong = new URL(url);
  wrong.password = 'wrong';
  const connection = new BrokerConnection({
    urls: [wrong.href],
    connectionName: 'test',
    logger,
    refusedBackoff: { initialMs: 20, maxMs: 20 },
  });
  onTestFinished(() => connection.stop());
  const downs: ConnectionState[] = [];
  connection.onStateChange((state) => state.status === 'down' && downs.push(state));
  connection.start();
  await eventually(() => downs.length >= 3);
  for (const down of downs) {
    expect(down).toMatchObject({ reason: { code: 'broker_access_refused' } });
    expect(down.status === 'down' && down.nextAttemptMs).toBeGreaterThanOrEqual(10);
  }
  expect(warnings).toEqual(['the broker is not connected; trying again']);
  await expect(connection.whenUp(1)).rejects.toMatchObject({ code: 'broker_access_refused' });
});

test('credentials are asked for at every attempt', async () => {
  const { url, node } = await broker();
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const passwords = ['wrong', 'wrong again', node.credentials.password];
  const connection = new BrokerConnection({
    urls: [bare.href],
    connectionName: 'test',
    logger: silentLogger,
    refusedBackoff: { initialMs: 10, maxMs: 10 },
    credentials: () =>
      Promise.resolve({ username: node.credentials.username, password: passwords.shift() ?? '' }),
  });
  onTestFinished(() => connection.stop());
  connection.start();
  await connection.whenUp(20_000);
  expect(passwords).toEqual([]);
});

test('a virtual host that is not there is a refusal that says so', async () => {
  const { node } = await broker();
  const connection = new BrokerConnection({
    urls: [new URL('nowhere', node.amqpUrl).href],
    connectionName: 'test',
    logger: silentLogger,
  });
  onTestFinished(() => connection.stop());
  connection.start();
  const state = await eventually(() => connection.state.status === 'down' && connection.state);
  expect(state.reason).toMatchObject({
    code: 'broker_access_refused',
    message: expect.stringContaining('virtual host'),
  });
});

test('a host that cannot be reached is passed over for the next one', async () => {
  const { url, connection: connect } = await broker();
  const unreachable = 'amqp://127.0.0.1:1/';
  const connection = connect({ urls: [unreachable, url] });
  connection.start();
  await connection.whenUp(20_000);
  expect(connection.state).toMatchObject({ status: 'up', address: new URL(url).host });
});

test('an unreachable broker is tried again and again, and reported once; stopping ends the wait at once', async () => {
  const { logger, warnings } = recordingLogger();
  const connection = new BrokerConnection({
    urls: ['amqp://127.0.0.1:1/'],
    connectionName: 'test',
    logger,
    backoff: { initialMs: 10, maxMs: 10 },
  });
  const states: ConnectionState[] = [];
  connection.onStateChange((state) => states.push(state));
  connection.start();
  await eventually(() => states.filter((state) => state.status === 'down').length >= 5);
  expect(warnings).toHaveLength(1);
  const waits = states.flatMap((state) => (state.status === 'down' ? [state.nextAttemptMs] : []));
  expect(Math.max(...waits)).toBeLessThanOrEqual(10);
  await connection.stop();
  expect(states.at(-1)).toEqual({ status: 'stopped' });

  const patient = new BrokerConnection({
    urls: ['amqp://127.0.0.1:1/'],
    connectionName: 'test',
    logger,
    backoff: { initialMs: 3_600_000, maxMs: 3_600_000 },
    random: () => 0.99,
  });
  patient.start();
  await eventually(() => patient.state.status === 'down');
  await patient.stop();
});

test('a peer that accepts and keeps silent does not hold up stopping', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  const port = await new Promise<number>((resolve) => {
    silent.listen(0, '127.0.0.1', () => {
      const address = silent.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  for (const protocol of ['amqp', 'amqps']) {
    const before = sockets.length;
    const connection = new BrokerConnection({
      urls: [`${protocol}://127.0.0.1:${port}/`],
      connectionName: 'test',
      logger: silentLogger,
      connectTimeoutMs: 3_600_000,
    });
    connection.start();
    await eventually(() => sockets.length > before);
    await connection.stop();
    expect(connection.state.status).toBe('stopped');
  }
});

test('[P6] publishing without a connection fails at once, and says so', async () => {
  const { connection: connect } = await broker();
  const publisher = new Publisher({ connection: connect() });
  publisher.start();
  await expect(publisher.publish(message(routingKeyOf(LICENSE, 'price_update'), '1'))).rejects.toMatchObject({
    code: 'broker_unavailable',
  });
});

test('a secret cannot be updated without a connection', async () => {
  const connection = (await broker()).connection();
  await expect(connection.updateSecret('token', 'renewed')).rejects.toMatchObject({
    code: 'broker_unavailable',
  });
});

test('malformed URLs are refused, and the message does not repeat their password', () => {
  for (const url of ['http://user:hidden@host/', 'amqp://', 'nonsense', '']) {
    const make = (): BrokerConnection =>
      new BrokerConnection({ urls: [url], connectionName: 'test', logger: silentLogger });
    expect(make).toThrow(
      expect.objectContaining({
        code: 'configuration_invalid',
        message: expect.not.stringContaining('hidden'),
      }),
    );
  }
  expect(() => new BrokerConnection({ urls: [], connectionName: 'test', logger: silentLogger })).toThrow(
    'No broker URL',
  );
});

test('the management client tells a wrong password, a missing thing and a closed port apart', async () => {
  const { management, node } = await broker();
  const { ManagementClient } = await import('../src/index.ts');
  expect(await management.overview()).toMatchObject({ rabbitmqVersion: node.version });
  expect(await management.alarms()).toEqual({ inForce: false, reason: null });
  const wrong = new ManagementClient({ url: node.managementUrl, username: 'tillcast', password: 'wrong' });
  await expect(wrong.overview()).rejects.toMatchObject({ code: 'broker_access_refused' });
  await expect(management.listQueues('nowhere')).rejects.toMatchObject({ code: 'not_found' });
  await management.deleteVhost('nowhere');
  const nobody = new ManagementClient({ url: 'http://127.0.0.1:1', username: 'a', password: 'b' });
  await expect(nobody.overview()).rejects.toMatchObject({ code: 'broker_unavailable' });
});
