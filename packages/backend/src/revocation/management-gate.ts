import { blockingUser, limitingUser, type ManagementClient } from '@tillcast/broker';
import type { WatchedBroker } from './broker-watch.ts';
import type { BrokerContents, Leftover } from './hoards.ts';

/** A connection that is stuck keeps its closing from being answered; it takes some milliseconds else. */
const CLOSE_TIMEOUT_MS = 3_000;

/** Exchanges of terminals in one look: one that works has none. */
const MAX_EXCHANGES = 10_000;

/**
 * Bounds terminals, and keeps them out, through the broker's management API. A token cannot be taken back, and the
 * broker asks nobody whether it still holds: but the limits of a user of its own that is named like the token's
 * `sub` hold for that token, and where it may have no connection, keep it out. Nobody can log in as that user: it
 * has no password and no permission.
 */
export class ManagementGate implements WatchedBroker {
  readonly #management: ManagementClient;
  readonly #vhost: string;

  constructor(management: ManagementClient, vhost: string) {
    this.#management = management;
    this.#vhost = vhost;
  }

  async block(terminalIds: readonly string[]): Promise<void> {
    await this.#management.importDefinitions({ users: terminalIds.map(blockingUser) });
  }

  async limit(terminalIds: readonly string[]): Promise<void> {
    await this.#management.importDefinitions({ users: terminalIds.map(limitingUser) });
  }

  async forget(terminalIds: readonly string[]): Promise<void> {
    await this.#management.deleteUsers(terminalIds);
  }

  async close(terminalId: string, reason: string): Promise<void> {
    await this.#management.closeConnectionsOfUser(terminalId, reason, { timeoutMs: CLOSE_TIMEOUT_MS });
  }

  listLimits(): ReturnType<ManagementClient['listUserLimits']> {
    return this.#management.listUserLimits();
  }

  async contents(): Promise<BrokerContents> {
    // One after the other: the management plugin is one program, and has others to answer.
    const queues = await this.#management.listQueueNames(this.#vhost);
    const exchanges = await this.#management.listExchangeNames(this.#vhost, '^terminal\\.', MAX_EXCHANGES);
    const connections = await this.#management.listConnectionUsers();
    const connectionUsers = connections.flatMap(({ user, vhost }) =>
      user !== null && vhost === this.#vhost ? [user] : [],
    );
    return { queues, exchanges, connectionUsers };
  }

  async remove({ kind, name }: Leftover): Promise<void> {
    if (kind === 'queue') await this.#management.deleteQueue(this.#vhost, name);
    else await this.#management.deleteExchange(this.#vhost, name);
  }
}
