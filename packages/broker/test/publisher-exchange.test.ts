import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { routingKeyOf } from '@tillcast/protocol/routing';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import { expect, onTestFinished, test } from 'vitest';
import { Publisher, silentLogger } from '../src/index.ts';
import { eventually, message, useBroker } from './test-node.ts';

const broker = useBroker();
const LICENSE = parseLicenseKey('EXTRO-LIFE-ABC123');

test('an exchange of our name but another type is a conflict that says what to do', async () => {
  const { url, connection: connect } = await broker();
  const { default: amqp } = await import('amqplib');
  const raw = await amqp.connect(url);
  const channel = await raw.createChannel();
  await channel.assertExchange(EVENTS_EXCHANGE.name, 'fanout', { durable: true });
  await raw.close();
  const failures: unknown[] = [];
  const connection = connect({ logger: { ...silentLogger, warn: (fields) => failures.push(fields) } });
  const publisher = new Publisher({ connection });
  connection.start();
  publisher.start();
  const [failure] = await eventually(() => failures.length > 0 && failures);
  expect(failure).toMatchObject({ code: 'broker_topology_conflict', session: 'publisher' });
  expect(connection.state.status).toBe('up');
  await publisher.stop();
});

test('[B4] a user who may configure nothing publishes to an exchange that is there', async () => {
  const { management, vhost, url, connection: connect } = await broker();
  const owner = connect();
  const declaring = new Publisher({ connection: owner });
  owner.start();
  declaring.start();
  await declaring.whenReady(20_000);
  await management.createUser({ name: vhost, password: 'secret' });
  onTestFinished(() => management.deleteUser(vhost));
  await management.setTopicPermissions({
    vhost,
    user: vhost,
    exchange: EVENTS_EXCHANGE.name,
    write: '^license\\.[A-Z0-9-]+\\.[a-z_]+$',
    read: '^$',
  });
  await management.setPermissions({
    vhost,
    user: vhost,
    configure: '^$',
    write: `^${EVENTS_EXCHANGE.name}$`,
    read: '^$',
  });
  expect(await management.listTopicPermissions(vhost)).toEqual([
    {
      user: vhost,
      vhost,
      exchange: EVENTS_EXCHANGE.name,
      write: '^license\\.[A-Z0-9-]+\\.[a-z_]+$',
      read: '^$',
    },
  ]);
  const restricted = connect({
    urls: [url],
    credentials: () => Promise.resolve({ username: vhost, password: 'secret' }),
  });
  const publisher = new Publisher({ connection: restricted });
  restricted.start();
  publisher.start();
  await publisher.whenReady(20_000);
  await publisher.publish(message(routingKeyOf(LICENSE, 'price_update'), '1'));
  await expect(publisher.publish(message('license.#.price_update', '2'))).rejects.toMatchObject({
    code: 'broker_unavailable',
  });
  await publisher.stop();
  await declaring.stop();
});

test('[B4] where the exchange is missing, a user who may configure nothing is told to provision the broker', async () => {
  const { management, vhost, url, connection: connect } = await broker();
  await management.createUser({ name: vhost, password: 'secret' });
  onTestFinished(() => management.deleteUser(vhost));
  await management.setPermissions({ vhost, user: vhost, configure: '^$', write: '.*', read: '^$' });
  const warnings: unknown[] = [];
  const logger = { ...silentLogger, warn: (fields: object) => warnings.push(fields) };
  const session = connect({
    urls: [url],
    credentials: () => Promise.resolve({ username: vhost, password: 'secret' }),
    logger,
  });
  const publisher = new Publisher({ connection: session });
  session.start();
  publisher.start();
  const [warning] = await eventually(() => warnings.length > 0 && warnings);
  expect(warning).toMatchObject({ err: { message: expect.stringContaining('tillcast broker provision') } });
  // Once it is there, the publisher finds it by itself.
  const owner = connect();
  const declaring = new Publisher({ connection: owner });
  owner.start();
  declaring.start();
  await publisher.whenReady(20_000);
  await declaring.stop();
  await publisher.stop();
});
