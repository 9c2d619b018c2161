import { randomUUID } from 'node:crypto';
import { BrokerConnection, type ConnectionState, silentLogger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { freshVirtualHost, makeTokenSigningKey, signBrokerToken } from '@tillcast/testkit';
import { expect, test } from 'vitest';

/** Connects, or rejects with the reason of the first attempt that failed. */
async function connect(url: string): Promise<BrokerConnection> {
  const connection = new BrokerConnection({ urls: [url], connectionName: 'testkit', logger: silentLogger });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  connection.onStateChange((state: ConnectionState) => {
    if (state.status === 'up') resolve();
    if (state.status === 'down') reject(state.reason);
  });
  connection.start();
  try {
    await promise;
    return connection;
  } catch (error) {
    await connection.stop();
    throw error;
  }
}

test('a virtual host starts with nothing of ours in it, and nothing made in one is seen in another', async () => {
  await using one = await freshVirtualHost();
  await using other = await freshVirtualHost();
  expect(one.name).not.toBe(other.name);
  await using connection = await connect(one.amqpUrl);
  expect(connection.state.status).toBe('up');
  const names = async (host: typeof one): Promise<string[]> =>
    (await host.management.listExchanges(host.name)).map((exchange) => exchange.name);
  expect((await names(one)).filter((name) => name !== '' && !name.startsWith('amq.'))).toEqual([]);
  expect(await names(other)).toEqual(await names(one));
});

test('a user has its rights in its own virtual host alone', async () => {
  await using host = await freshVirtualHost();
  await using other = await freshVirtualHost();
  const url = await host.addUser({ configure: '^$', write: '^$', read: '.*' });
  await using connection = await connect(url);
  expect(connection.state.status).toBe('up');
  const elsewhere = new URL(url);
  elsewhere.pathname = new URL(other.amqpUrl).pathname;
  await expect(connect(elsewhere.href)).rejects.toBeInstanceOf(TillcastError);
});

test('a dropped virtual host is gone, and so are its users', async () => {
  const host = await freshVirtualHost();
  const url = await host.addUser({ configure: '.*', write: '.*', read: '.*' });
  await host.drop();
  await host.drop();
  await expect(connect(host.amqpUrl)).rejects.toBeInstanceOf(TillcastError);
  await expect(connect(url)).rejects.toBeInstanceOf(TillcastError);
});

test('a token of the node’s own key is let in, and one of another key once that key is registered', async () => {
  await using host = await freshVirtualHost();
  const terminalId = randomUUID();
  const claims = { licenseKey: 'EXTRO-LIFE-ABC123', terminalId };
  const login = async (token: string): Promise<void> => {
    await using connection = await connect(host.tokenUrl(terminalId, token));
    expect(connection.state.status).toBe('up');
  };
  await login(host.mintBrokerToken(claims));
  const other = makeTokenSigningKey();
  const token = signBrokerToken(other, claims);
  await expect(login(token)).rejects.toMatchObject({ code: 'broker_access_refused' });
  await host.registerJwks([other.publicJwk]);
  await login(token);
  await expect(login(host.mintBrokerToken({ ...claims, expiresInS: -1 }))).rejects.toBeInstanceOf(
    TillcastError,
  );
});
