import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DesiredBroker,
  desiredBroker,
  ManagementClient,
  type NodePorts,
  oauthNodeConfig,
  provisionBroker,
  silentLogger,
  startPrivateNode,
} from '@tillcast/broker';
import {
  type BrokerTokenOptions,
  makeTokenSigningKey,
  signBrokerToken,
  type TokenSigningKey,
} from './broker-token.ts';
import { addToJwksDesk, openJwksDesk, type PublicJwk } from './jwks-desk.ts';
import type { StartedServer } from './shared-servers.ts';

/** Where a RabbitMQ for tests is, and its administrator: plain data. */
export interface RabbitmqAddress {
  readonly host: string;
  readonly ports: NodePorts;
  readonly managementUrl: string;
  readonly username: string;
  readonly password: string;
  /** Where the broker fetches the keys that access tokens are signed with, and where tests add theirs. */
  readonly jwksUrl: string;
  /** One of those keys. */
  readonly signingKey: TokenSigningKey;
}

/** Starts a private RabbitMQ node that takes access tokens, with its data in a temporary folder, which goes with it. */
export async function startTemporaryRabbitmq(
  mark: string,
): Promise<StartedServer & { readonly address: RabbitmqAddress }> {
  const folder = await mkdtemp(join(tmpdir(), `tillcast-rabbitmq-${mark}-`));
  const signingKey = makeTokenSigningKey();
  const desk = await openJwksDesk([signingKey.publicJwk]);
  const remove = async (): Promise<void> => {
    await desk.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const node = await startPrivateNode({
      dataDir: folder,
      logger: silentLogger,
      ...oauthNodeConfig({ jwksUrl: desk.url }),
    });
    return {
      address: {
        host: '127.0.0.1',
        ports: node.ports,
        managementUrl: node.managementUrl,
        username: node.credentials.username,
        password: node.credentials.password,
        jwksUrl: desk.url,
        signingKey,
      },
      stop: async () => {
        await node.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** What a user may do in a virtual host: regular expressions over names, and over routing keys of one exchange. */
export interface UserRights {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
  readonly topic?: { readonly exchange: string; readonly write: string; readonly read: string };
}

/** What provisioning made of a virtual host; its users have names of their own, since a broker's users are one list. */
export interface ProvisionedHost {
  readonly desired: DesiredBroker;
  /** Connects as the user that publishes. */
  readonly publisherUrl: string;
  /** The user that closes connections: for the management API alone. */
  readonly guardian: { readonly username: string; readonly password: string };
  /** The management API's URL with that user and its password. */
  readonly guardianUrl: string;
}

/** A virtual host of one's own on a shared node: nothing declared in it is seen in another. */
export interface FreshVirtualHost extends AsyncDisposable {
  readonly name: string;
  /** Connects to it with all rights. */
  readonly amqpUrl: string;
  readonly managementUrl: string;
  readonly credentials: { readonly username: string; readonly password: string };
  /** The management API, as the node's administrator. */
  readonly management: ManagementClient;
  /** Makes a user with these rights in this virtual host alone; resolves to the URL to connect with. */
  readonly addUser: (rights: UserRights) => Promise<string>;
  /** An access token that the node takes, of the node's own test key; the names of users are broker-wide, so give each till an id of its own. */
  readonly mintBrokerToken: (options: BrokerTokenOptions) => string;
  /** The URL to connect with a token: its text is the password. */
  readonly tokenUrl: (terminalId: string, token: string) => string;
  /** Lets the node take tokens signed with these keys too, from their first use on; their `kid`s must be new. */
  readonly registerJwks: (keys: readonly PublicJwk[]) => Promise<void>;
  /** Makes it what a broker of a deployment is, by the provisioning that ships; once. */
  readonly provision: () => Promise<ProvisionedHost>;
  /** Removes it with all that is in it, its users too; whoever is connected is cut off. Safe to call twice. */
  readonly drop: () => Promise<void>;
}

/** Makes a virtual host on a node. */
export async function createVirtualHost(node: RabbitmqAddress): Promise<FreshVirtualHost> {
  const name = `test-${randomBytes(8).toString('hex')}`;
  const { username, password, managementUrl } = node;
  const management = new ManagementClient({ url: managementUrl, username, password, timeoutMs: 30_000 });
  const users: string[] = [];
  await management.createVhost(name);
  await management.setPermissions({ vhost: name, user: username, configure: '.*', write: '.*', read: '.*' });

  const addUser = async (rights: UserRights): Promise<string> => {
    const user = `${name}-${users.length + 1}`;
    const secret = randomBytes(16).toString('hex');
    const { configure, write, read, topic } = rights;
    users.push(user);
    await management.createUser({ name: user, password: secret });
    if (topic !== undefined) await management.setTopicPermissions({ vhost: name, user, ...topic });
    await management.setPermissions({ vhost: name, user, configure, write, read });
    return urlFor(node, name, user, secret);
  };
  const provision = async (): Promise<ProvisionedHost> => {
    const publisher = `${name}-publisher`;
    const guardian = `${name}-guardian`;
    users.push(publisher, guardian);
    const desired = desiredBroker({ vhost: name, publisher, guardian });
    const secret = randomBytes(16).toString('hex');
    await provisionBroker(management, desired, { [publisher]: secret, [guardian]: secret });
    const guardianUrl = new URL(managementUrl);
    guardianUrl.username = guardian;
    guardianUrl.password = secret;
    return {
      desired,
      publisherUrl: urlFor(node, name, publisher, secret),
      guardian: { username: guardian, password: secret },
      guardianUrl: guardianUrl.href,
    };
  };
  const drop = async (): Promise<void> => {
    for (const user of users) await management.deleteUser(user);
    await management.deleteVhost(name);
  };
  return {
    name,
    amqpUrl: urlFor(node, name, username, password),
    managementUrl,
    credentials: { username, password },
    management,
    addUser,
    mintBrokerToken: (options) => signBrokerToken(node.signingKey, options),
    tokenUrl: (terminalId, token) => urlFor(node, name, terminalId, token),
    provision,
    registerJwks: (keys) => addToJwksDesk(node.jwksUrl, keys),
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

function urlFor(node: RabbitmqAddress, vhost: string, username: string, password: string): string {
  const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
  return `amqp://${login}@${node.host}:${node.ports.amqp}/${encodeURIComponent(vhost)}`;
}
