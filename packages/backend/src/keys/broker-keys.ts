import { randomUUID } from 'node:crypto';
import { type Logger, ManagementClient, type ManagementOptions } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { BrokerKeyOutcome } from '@tillcast/protocol/http/admin-api';
import { TOKEN_AUDIENCE } from '@tillcast/protocol/http/identity-api';
import { inParallel } from '../revocation/in-parallel.ts';

const REASON = 'A signing key was revoked: get another token';
/** As the name of a user that there is not. */
const NOBODY = 'tillcast-asks-for-keys';

/** Nodes that are told at a time. */
const MAX_AT_ONCE = 8;

const NOT_TOLD: BrokerKeyOutcome = { asked: false, connections_closed: 0, nodes: 0, nodes_left: [] };

/**
 * Has RabbitMQ forget a key of tokens. It keeps the key set in memory and fetches it anew only for a token that
 * names a key it does not know; the new set then replaces the old one, in 3.10 and in 4.x. So it is shown such
 * a token, which it refuses. Each node has a memory of its own, so each is shown one, at its own address.
 */
export class BrokerKeys {
  readonly #options: ManagementOptions | null;
  readonly #logger: Logger;

  /** @param options.management null where there is no management API */
  constructor(options: { readonly management: ManagementOptions | null; readonly logger: Logger }) {
    this.#options = options.management;
    this.#logger = options.logger;
  }

  /** Has the key set fetched anew by each node, then closes every connection that a token opened. Never rejects. */
  async renew(): Promise<BrokerKeyOutcome> {
    const options = this.#options;
    if (options === null) return NOT_TOLD;
    const { url, otherUrls = [] } = options;
    try {
      const names: string[] = [];
      const failures: unknown[] = [];
      await inParallel([url, ...otherUrls], MAX_AT_ONCE, async (each) => {
        try {
          names.push(await tellNode({ ...options, url: each, otherUrls: [] }));
        } catch (error) {
          failures.push(error);
        }
      });
      for (const err of failures) this.#logger.warn({ err }, 'A node of RabbitMQ could not be told');
      if (names.length === 0) return NOT_TOLD;
      const management = new ManagementClient(options);
      const connections_closed = await closeTokenConnections(management);
      // One that does not run has no memory: it fetches the keys when it starts.
      const running = (await management.listNodes()).filter((node) => node.running);
      const nodes_left = running.map(({ name }) => name).filter((name) => !names.includes(name));
      return { asked: true, connections_closed, nodes: running.length, nodes_left };
    } catch (error) {
      this.#logger.error({ err: error }, 'RabbitMQ could not be told that a key of tokens was revoked');
      return NOT_TOLD;
    }
  }
}

/** Has the node at this one address fetch the keys anew. @returns its name */
async function tellNode(options: ManagementOptions): Promise<string> {
  const stranger = new ManagementClient({ ...options, username: NOBODY, password: tokenOfNoKey() });
  if (await isLetIn(stranger)) {
    throw new TillcastError('internal', 'RabbitMQ let in a token that nobody signed.');
  }
  return (await new ManagementClient(options).overview()).node;
}

async function isLetIn(client: ManagementClient): Promise<boolean> {
  try {
    await client.whoami();
    return true;
  } catch (error) {
    if (error instanceof TillcastError && error.code === 'broker_access_refused') return false;
    throw error;
  }
}

async function closeTokenConnections(management: ManagementClient): Promise<number> {
  const users = await management.listUsers();
  // A terminal has a user of its name for its limits, which nobody logs in as: it has no password.
  const own = new Set(users.filter(({ passwordHash }) => passwordHash !== '').map(({ name }) => name));
  let closed = 0;
  for await (const page of management.connectionPages()) {
    for (const { name, user } of page) {
      if (user === null || own.has(user)) continue;
      await management.closeConnection(name, REASON);
      closed += 1;
    }
  }
  return closed;
}

function tokenOfNoKey(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = part({ alg: 'ES256', typ: 'at+jwt', kid: `nobody-${randomUUID()}` });
  // 4.x looks for the audience first, and for the key after that.
  return `${header}.${part({ sub: NOBODY, aud: TOKEN_AUDIENCE })}.${Buffer.alloc(64).toString('base64url')}`;
}
