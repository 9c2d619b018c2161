import { BLOCK_TAG, type ManagementClient } from '@tillcast/broker';
import type { BrokerGate } from './broker-gate.ts';

/** A connection that is stuck keeps its closing from being answered; it takes some milliseconds else. */
const CLOSE_TIMEOUT_MS = 3_000;

/**
 * Keeps terminals out through the broker's management API. A token cannot be taken back, and the broker asks
 * nobody whether it still holds: but a user of its own that is named like the token's `sub` and may have no
 * connection keeps that token out. Nobody can log in as that user: it has no password and no permission.
 */
export class ManagementGate implements BrokerGate {
  readonly #management: ManagementClient;

  constructor(management: ManagementClient) {
    this.#management = management;
  }

  async block(terminalIds: readonly string[]): Promise<void> {
    const limits = { 'max-connections': 0, 'max-channels': 0 };
    // The tag tells the broker's audit what it is.
    const users = terminalIds.map((name) => ({ name, limits, tags: [BLOCK_TAG] }));
    await this.#management.importDefinitions({ users });
  }

  async unblock(terminalIds: readonly string[]): Promise<void> {
    await this.#management.deleteUsers(terminalIds);
  }

  async close(terminalId: string, reason: string): Promise<void> {
    await this.#management.closeConnectionsOfUser(terminalId, reason, { timeoutMs: CLOSE_TIMEOUT_MS });
  }
}
