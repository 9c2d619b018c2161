import { randomUUID } from 'node:crypto';
import { type Logger, ManagementClient, type ManagementOptions } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { BrokerKeyOutcome } from '@tillcast/protocol/http/admin-api';
import { TOKEN_AUDIENCE } from '@tillcast/protocol/http/identity-api';

const REASON = 'A signing key was revoked: get another token';
/** As the name of a user that there is not. */
const NOBODY = 'tillcast-asks-for-keys';

/**
 * Has RabbitMQ forget a key of tokens. It keeps the key set in memory and fetches it anew only for a token that
 * names a key it does not know; the new set then replaces the old one, in 3.10 and in 4.x. So it is shown such
 * a token, which it refuses. One node alone is reached by that: each has a memory of its own.
 */
export class BrokerKeys {
  readonly #options: ManagementOptions | null;
  readonly #logger: Logger;

  /** @param options.management null where there is no management API */
  constructor(options: { readonly management: ManagementOptions | null; readonly logger: Logger }) {
    this.#options = options.management;
    this.#logger = options.logger;
  }

  /** Has the key set fetched anew, then closes every connection that a token opened. Never rejects. */
  async renew(): Promise<BrokerKeyOutcome> {
    if (this.#options === null) return { asked: false, connections_closed: 0, nodes: 0 };
    const management = new ManagementClient(this.#options);
    try {
      await this.#showUnknownKey(this.#options);
      const connections_closed = await closeTokenConnections(management);
      const nodes = (await management.listNodes()).length;
      return { asked: true, connections_closed, nodes };
    } catch (error) {
      this.#logger.error({ err: error }, 'RabbitMQ could not be told that a key of tokens was revoked');
      return { asked: false, connections_closed: 0, nodes: 0 };
    }
  }

  async #showUnknownKey(options: ManagementOptions): Promise<void> {
    const stranger = new ManagementClient({ ...options, username: NOBODY, password: tokenOfNoKey() });
    try {
      await stranger.whoami();
    } catch (error) {
      if (error instanceof TillcastError && error.code === 'broker_access_refused') return;
      throw error;
    }
    throw new TillcastError('internal', 'RabbitMQ let in a token that nobody signed.');
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
