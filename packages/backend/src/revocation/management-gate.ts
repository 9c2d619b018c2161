import { blockingUser, limitingUser, type ManagementClient } from '@tillcast/broker';
import type { BrokerGate } from './broker-gate.ts';

/** A connection that is stuck keeps its closing from being answered; it takes some milliseconds else. */
const CLOSE_TIMEOUT_MS = 3_000;

/**
 * Bounds terminals, and keeps them out, through the broker's management API. A token cannot be taken back, and the
 * broker asks nobody whether it still holds: but the limits of a user of its own that is named like the token's
 * `sub` hold for that token, and where it may have no connection, keep it out. Nobody can log in as that user: it
 * has no password and no permission.
 */
export class ManagementGate implements BrokerGate {
  readonly #management: ManagementClient;

  constructor(management: ManagementClient) {
    this.#management = management;
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
}
