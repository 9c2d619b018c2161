import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  limitingUser,
  ManagementClient,
  oauthNodeConfig,
  silentLogger,
  startPrivateNode,
} from '@tillcast/broker';
import { freePort, makeTokenSigningKey, signBrokerToken } from '@tillcast/testkit';
import { connect } from 'amqplib';
import { expect, test } from 'vitest';
import { BrokerKeys } from '../../src/keys/broker-keys.ts';

const KEY = 'EXTRO-LIFE-ABC123';

test('[E16] RabbitMQ takes a revoked key’s tokens until it is told, then refuses them and has closed what they opened', {
  timeout: 120_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const [leaked, next] = [makeTokenSigningKey(), makeTokenSigningKey()];
  let published = [leaked.publicJwk, next.publicJwk];
  const port = await freePort();
  const jwks = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: published }));
  }).listen(port, '127.0.0.1');
  stack.defer(() => {
    jwks.close().closeAllConnections();
  });
  const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-broker-keys-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const node = stack.use(
    await startPrivateNode({
      dataDir,
      logger: silentLogger,
      stopTimeoutMs: 1_000,
      ...oauthNodeConfig({ jwksUrl: `http://127.0.0.1:${port}/jwks.json` }),
    }),
  );
  const management = { url: node.managementUrl, ...node.credentials };
  const client = new ManagementClient(management);
  const login = async (key: typeof leaked): ReturnType<typeof connect> => {
    const terminalId = randomUUID();
    await client.importDefinitions({ users: [limitingUser(terminalId)] });
    const token = signBrokerToken(key, { licenseKey: KEY, terminalId });
    const url = new URL(node.amqpUrl);
    url.username = terminalId;
    url.password = token;
    const connection = await connect(url.href);
    connection.on('error', () => undefined);
    return connection;
  };
  const open = await login(leaked);
  const closed = new Promise((resolve) => void open.once('close', resolve));
  // The backend's own stays.
  const own = await connect(node.amqpUrl);
  stack.defer(() => own.close());

  published = [next.publicJwk];
  await (await login(leaked)).close();

  await expect.poll(() => client.listConnections('/'), { timeout: 20_000 }).toHaveLength(2);
  const keys = new BrokerKeys({ management, logger: silentLogger });
  expect(await keys.renew()).toEqual({ asked: true, connections_closed: 1, nodes: 1, nodes_left: [] });
  await closed;
  await expect(login(leaked)).rejects.toThrow(/ACCESS_REFUSED|403/);
  await (await login(next)).close();
  expect((await client.listConnections('/')).length).toBeGreaterThan(0);

  const absent = `http://127.0.0.1:${await freePort()}`;
  const oneIsAway = { ...management, url: absent, otherUrls: [node.managementUrl] };
  const passedOver = await new BrokerKeys({ management: oneIsAway, logger: silentLogger }).renew();
  // [B42] The one that runs was told, by its own address.
  expect(passedOver).toMatchObject({ asked: true, nodes: 1, nodes_left: [] });

  const away = new BrokerKeys({
    management: { ...management, url: `http://127.0.0.1:${await freePort()}` },
    logger: silentLogger,
  });
  expect(await away.renew()).toEqual({ asked: false, connections_closed: 0, nodes: 0, nodes_left: [] });
});
