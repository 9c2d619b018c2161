import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBackendConfig, type RunningBackend, startBackend } from '@tillcast/backend';
import {
  BrokerConnection,
  createFetch,
  desiredBroker,
  ManagementClient,
  oauthNodeConfig,
  type PrivateNode,
  provisionBroker,
  silentLogger,
  startPrivateNode,
} from '@tillcast/broker';
import { ADMIN_PATHS, createdLicenseSchema } from '@tillcast/protocol/http/admin-api';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { activateThisTill, parseTerminalConfig, startTerminal } from '@tillcast/terminal';
import { freePort, placeEmbeddedDatabase } from '@tillcast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { invoke } from '../../packages/cli/test/cli-host.ts';
import { API_KEY } from '../support/system.ts';
import { becomes, itemsOf, stateOf } from '../support/tills.ts';

/*
 * The whole system with what `tillcast tls init` makes: a RabbitMQ without a plain listener that fetches the
 * keys for tokens over HTTPS, the backend as its provisioned publisher and guardian, and a till that is
 * activated and reads nothing but its authorities and addresses from its environment.
 */

const LICENSE = parseLicenseKey('EXTRO-LIFE-ABC123');
const PASSWORDS = { 'tillcast-publisher': 'publisher-of-a-test', 'tillcast-guardian': 'guardian-of-a-test' };

const stack = new AsyncDisposableStack();
let folder: string;
let node: PrivateNode;
let backend: RunningBackend;
let caFile: string;
let caPem: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillcast-tls-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const tls = join(folder, 'tls');
  expect(await invoke(['tls', 'init', '--out', tls])).toMatchObject({ code: 0 });
  caFile = join(tls, 'ca.pem');
  caPem = await readFile(caFile, 'utf8');
  const port = await freePort();
  node = stack.use(
    await startPrivateNode({
      dataDir: join(folder, 'rabbitmq'),
      logger: silentLogger,
      stopTimeoutMs: 1_000,
      tls: { caFile, certFile: join(tls, 'rabbitmq.pem'), keyFile: join(tls, 'rabbitmq.key.pem') },
      ...oauthNodeConfig({
        jwksUrl: `https://localhost:${port}${IDENTITY_PATHS.jwks}`,
        authoritiesFile: caFile,
      }),
    }),
  );
  const management = new ManagementClient({ url: node.managementUrl, ...node.credentials, caPem });
  await provisionBroker(management, desiredBroker(), PASSWORDS);
  const as = (url: string, user: keyof typeof PASSWORDS): string => {
    const address = new URL(url);
    address.username = user;
    address.password = PASSWORDS[user];
    return address.href;
  };
  const config = parseBackendConfig({
    HOST: 'localhost',
    PORT: String(port),
    TLS_CERT_FILE: join(tls, 'backend.pem'),
    TLS_KEY_FILE: join(tls, 'backend.key.pem'),
    AMQP_URL: as(node.amqpUrl, 'tillcast-publisher'),
    AMQP_CA_FILE: caFile,
    RABBITMQ_MANAGEMENT_URL: as(node.managementUrl, 'tillcast-guardian'),
    TILLCAST_DATA_DIR: join(folder, 'backend'),
    TILLCAST_API_KEY: API_KEY,
    LOG_LEVEL: 'silent',
  });
  await placeEmbeddedDatabase(join(folder, 'backend', 'database'));
  backend = stack.use(await startBackend(config));
});
afterAll(() => stack.disposeAsync());

/** Asks the admin API; rejects where it refuses. */
async function admin(path: string, body: unknown): Promise<unknown> {
  const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await createFetch(caPem)(backend.url + path, init);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

test('[E10] a till is activated, gets its token and its changes, and is cut off, with HTTPS and AMQPS alone', async () => {
  const created = await admin(ADMIN_PATHS.licenses, { key: LICENSE });
  const { activation_code: activationCode } = createdLicenseSchema.parse(created);
  const config = parseTerminalConfig({
    SYNC_API_URL: backend.url,
    SYNC_API_CA_FILE: caFile,
    AMQP_CA_FILE: caFile,
    TILLCAST_KEY_STORE: 'file',
    TILLCAST_DATA_DIR: join(folder, 'till'),
    PORT: String(await freePort()),
  });
  await activateThisTill(config, {
    licenseKey: LICENSE,
    activationCode,
    name: 'Counter 1',
    backendUrl: backend.url,
  });
  const till = await startTerminal(config, { logger: silentLogger });
  try {
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live' }));
    const item = { id: 'P1', name: 'Flat white', price: 3.6, currency: 'GBP' };
    await admin(ADMIN_PATHS.changes(LICENSE), { operations: [{ op: 'put', kind: 'product', item }] });
    await becomes(async () => expect((await itemsOf(till, 'product')).items).toMatchObject([{ price: 3.6 }]));
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: 1 }));
    await admin(ADMIN_PATHS.suspend(LICENSE), {});
    await becomes(async () => expect((await stateOf(till)).status).not.toBe('live'));
  } finally {
    await till.stop();
  }
});

test('[E10] the broker has no listener in plain text, neither for AMQP nor for its management', async () => {
  for (const port of [node.ports.amqp, node.ports.management]) {
    const { promise, resolve } = Promise.withResolvers<string>();
    let answered = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('AMQP\0\0\x09\x01'));
    socket.on('data', (bytes: Buffer) => (answered += bytes.toString('latin1')));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(answered));
    socket.setTimeout(5_000, () => socket.destroy());
    const said = await promise;
    // In AMQP a method's frame comes first: type 1 on channel 0. TLS answers with an alert: type 21.
    const spoken = said.startsWith('AMQP') || said.startsWith('HTTP') || said.startsWith('\x01\0\0');
    expect([port, spoken]).toEqual([port, false]);
  }
  const management = new ManagementClient({ url: node.managementUrl, ...node.credentials, caPem });
  const protocols = (await management.listListeners()).map(({ protocol }) => protocol);
  expect(protocols).toEqual(expect.arrayContaining(['amqp/ssl', 'https']));
  expect(protocols.filter((protocol) => protocol === 'amqp' || protocol === 'http')).toEqual([]);
});

test('[E11] a broker whose authority is not trusted is not connected to, and AMQP_CA_FILE is named', async () => {
  await using connection = new BrokerConnection({
    urls: [node.amqpUrl],
    connectionName: 'test',
    logger: silentLogger,
  });
  connection.start();
  await expect(connection.whenUp(2_000)).rejects.toMatchObject({
    code: 'broker_unavailable',
    message: expect.stringContaining('AMQP_CA_FILE'),
  });
});
