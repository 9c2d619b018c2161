import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { desiredBroker, provisionBroker, silentLogger, startPrivateNode } from '@tillcast/broker';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import { freePort } from '@tillcast/testkit';
import { type ChannelModel, connect } from 'amqplib';
import { type Clinic, PASSWORDS, withLogin } from '../clinic.ts';
import type { Planted, PlantedFault } from '../planted.ts';

const PUBLISHER = 'tillcast-publisher';
const EXCHANGE = EVENTS_EXCHANGE.name;

/** Whatever was done to the broker, provisioning is what mends it. */
function mended({ management }: Clinic): Planted {
  return { heal: () => provisionBroker(management, desiredBroker(), PASSWORDS) };
}

/** Does something at the broker as its administrator. */
async function asAdministrator(
  clinic: Clinic,
  act: (model: ChannelModel) => Promise<unknown>,
): Promise<void> {
  const { username, password } = clinic.node.credentials;
  const ca = await readFile(clinic.caFile, 'utf8');
  const model = await connect(withLogin(clinic.node.amqpUrl, username, password), { ca });
  try {
    await act(model);
  } finally {
    await model.close();
  }
}

function deleteExchange(clinic: Clinic): Promise<void> {
  return asAdministrator(clinic, async (model) => (await model.createChannel()).deleteExchange(EXCHANGE));
}

/** A port that takes connections and leads to nobody, as a load balancer's does before a node that is down. */
async function emptyBalancer(): Promise<{ readonly port: number; readonly close: () => Promise<unknown> }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.destroy());
  });
  const port = await freePort();
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return { port, close: () => new Promise((resolve) => void server.close(resolve)) };
}

function at(address: string, port: number): string {
  const url = new URL(address);
  url.port = String(port);
  return url.href;
}

/** A second node that never joined: its own cookie, no plugin for tokens, and too little memory. */
export async function strayNode(clinic: Clinic): Promise<Planted> {
  const node = await startPrivateNode({
    dataDir: join(clinic.folder, 'stray'),
    logger: silentLogger,
    stopTimeoutMs: 1_000,
    configExtra: ['vm_memory_high_watermark.relative = 0.00001'],
  });
  const { username, password } = node.credentials;
  const url = withLogin(node.amqpUrl, username, password);
  return {
    env: {
      AMQP_URL: `${clinic.backendEnv['AMQP_URL']},${url}`,
      RABBITMQ_ADMIN_URL: withLogin(node.managementUrl, username, password),
    },
    heal: () => node.stop(),
  };
}

export const BROKER_FAULTS: readonly PlantedFault[] = [
  {
    name: 'a missing exchange',
    at: 'operator',
    plant: async (clinic) => {
      await deleteExchange(clinic);
      return mended(clinic);
    },
    check: 'broker.exchange',
    says: /exchange pos_license_events: missing/,
  },
  {
    name: 'an exchange of another type',
    at: 'operator',
    plant: async (clinic) => {
      await deleteExchange(clinic);
      await asAdministrator(clinic, async (model) =>
        (await model.createChannel()).assertExchange(EXCHANGE, 'fanout', { durable: true }),
      );
      return {
        heal: async () => {
          await deleteExchange(clinic);
          await mended(clinic).heal?.();
        },
      };
    },
    check: 'broker.exchange',
    says: /exchange pos_license_events: fanout, durable/,
  },
  {
    name: 'an exchange that is missing, seen with the publisher’s login alone',
    at: 'backend',
    plant: async (clinic) => {
      await deleteExchange(clinic);
      return { ...mended(clinic), env: { RABBITMQ_MANAGEMENT_URL: '' } };
    },
    check: 'broker.publishing',
    says: /find the exchange pos_license_events at .*not declared there yet/,
  },
  {
    name: 'a topic permission that was taken away',
    at: 'operator',
    plant: async (clinic) => {
      await clinic.management.clearTopicPermissions('/', PUBLISHER);
      return mended(clinic);
    },
    check: 'broker.permissions',
    says: /topic permission of tillcast-publisher .*missing: every routing key is open to it/,
  },
  {
    name: 'a permission that was widened',
    at: 'operator',
    plant: async (clinic) => {
      await clinic.management.setPermissions({
        vhost: '/',
        user: PUBLISHER,
        configure: '^$',
        write: '.*',
        read: '.*',
      });
      return mended(clinic);
    },
    check: 'broker.permissions',
    says: /permission of tillcast-publisher in \/: configure \^\$ write \.\* read \.\*/,
  },
  {
    name: 'a permission that is too narrow, seen by the backend’s own login',
    at: 'backend',
    plant: async (clinic) => {
      await clinic.management.setPermissions({
        vhost: '/',
        user: PUBLISHER,
        configure: '^$',
        write: '^$',
        read: '^$',
      });
      return mended(clinic);
    },
    check: 'broker.publishing',
    says: /publish a change to pos_license_events at .*does not permit/,
  },
  {
    name: 'a missing policy',
    at: 'operator',
    plant: async (clinic) => {
      await clinic.management.deletePolicy('/', 'tillcast-terminals');
      return mended(clinic);
    },
    check: 'broker.policies',
    says: /policy tillcast-terminals: missing/,
  },
  {
    name: 'a limit of connections that was taken away',
    at: 'operator',
    plant: async (clinic) => {
      await clinic.management.setVhostLimit('/', 'max-connections', 5);
      return mended(clinic);
    },
    check: 'broker.host',
    says: /limit max-connections of virtual host \/: 5/,
  },
  {
    name: 'a wildcard binding',
    at: 'operator',
    plant: async (clinic) => {
      await asAdministrator(clinic, async (model) => {
        const channel = await model.createChannel();
        await channel.assertQueue('spy');
        await channel.bindQueue('spy', EXCHANGE, 'license.#');
      });
      return {
        heal: () =>
          asAdministrator(clinic, async (model) => (await model.createChannel()).deleteQueue('spy')),
      };
    },
    check: 'broker.bindings',
    says: /binding license\.# of pos_license_events to queue spy/,
  },
  {
    name: 'a stranger who is an administrator',
    at: 'operator',
    plant: async ({ management }) => {
      await management.createUser({ name: 'eve', password: 'a-password-of-eve', tags: ['administrator'] });
      return { heal: () => management.deleteUser('eve') };
    },
    check: 'broker.permissions',
    says: /user eve/,
  },
  {
    name: 'a wrong password for AMQP',
    at: 'backend',
    plant: ({ node }) => ({ env: { AMQP_URL: withLogin(node.amqpUrl, PUBLISHER, 'not-the-password') } }),
    check: 'broker.reached',
    says: /refused the login/,
  },
  {
    name: 'a virtual host that is not there',
    at: 'backend',
    plant: ({ backendEnv }) => ({
      env: { AMQP_URL: `${backendEnv['AMQP_URL']?.replace(/\/$/, '')}/nowhere` },
    }),
    check: 'broker.reached',
    says: /did not open the virtual host/,
  },
  {
    name: 'a wrong port for AMQP',
    at: 'backend',
    plant: async ({ backendEnv }) => ({
      env: { AMQP_URL: at(backendEnv['AMQP_URL'] ?? '', await freePort()) },
    }),
    check: 'broker.reached',
    says: /ECONNREFUSED/,
  },
  {
    name: 'a load balancer that takes connections for a node that is down',
    at: 'backend',
    plant: async ({ backendEnv }) => {
      const { port, close } = await emptyBalancer();
      return { env: { AMQP_URL: at(backendEnv['AMQP_URL'] ?? '', port) }, heal: close };
    },
    check: 'broker.reached',
    says: /cannot be reached.*a load balancer before a node that is down/s,
  },
  {
    name: 'a wrong password for the management API',
    at: 'backend',
    plant: ({ node }) => ({
      env: { RABBITMQ_MANAGEMENT_URL: withLogin(node.managementUrl, 'tillcast-guardian', 'not-it') },
    }),
    check: 'broker.management',
    says: /answered 401/,
  },
  {
    name: 'a management API that is down',
    at: 'backend',
    plant: async ({ backendEnv }) => ({
      env: { RABBITMQ_MANAGEMENT_URL: at(backendEnv['RABBITMQ_MANAGEMENT_URL'] ?? '', await freePort()) },
    }),
    check: 'broker.management',
    says: /ECONNREFUSED/,
  },
  {
    name: 'a cluster with fewer nodes than it should have',
    at: 'operator',
    plant: () => ({ argv: ['--nodes', '3'] }),
    check: 'broker.cluster',
    says: /number of nodes: 1/,
  },
];

/** What a node that never joined shows. */
export const STRAY_NODE: readonly Pick<PlantedFault, 'name' | 'check' | 'says'>[] = [
  { name: 'nodes that are not one cluster', check: 'broker.cluster', says: /nodes of AMQP_URL: 2 clusters/ },
  { name: 'a management API of another cluster', check: 'broker.management', says: /it is of the cluster/ },
  {
    name: 'a plugin that is off',
    check: 'broker.plugins',
    says: /rabbitmq_auth_backend_oauth2 on .*not enabled/,
  },
  { name: 'a memory alarm', check: 'broker.alarms', says: /memory alarm on .*in force/ },
  {
    name: 'a broker that was not provisioned',
    check: 'broker.exchange',
    says: /pos_license_events: missing/,
  },
];
