import {
  type ActiveNotice,
  broadcastOf,
  type MessageSigner,
  type NewBroadcast,
  type WaitingBroadcast,
} from '@tillcast/backend/internals';
import type { BroadcastRequest } from '@tillcast/protocol/http/admin-api';

interface KeptBroadcast extends NewBroadcast {
  isPublished: boolean;
}

export interface MemoryBroadcastsOptions {
  readonly signer: MessageSigner;
  /** The wall clock of the server: milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly newId: () => string;
}

/** The broadcasts of a database in memory, each signed by the product's own code and kept until it expires. */
export class MemoryBroadcasts {
  readonly #options: MemoryBroadcastsOptions;
  readonly #kept: Map<string, KeptBroadcast>;

  constructor(options: MemoryBroadcastsOptions, kept: readonly KeptBroadcast[] = []) {
    this.#options = options;
    this.#kept = new Map(kept.map((each) => [each.id, each]));
  }

  create(request: BroadcastRequest): NewBroadcast {
    const { signer, newId } = this.#options;
    const broadcast = broadcastOf(request, { now: this.#now(), signer, newId });
    this.#kept.set(broadcast.id, { ...broadcast, isPublished: false });
    return broadcast;
  }

  /** The oldest that wait and have not expired. */
  waiting(): readonly WaitingBroadcast[] {
    return this.#inForce().filter(({ isPublished }) => !isPublished);
  }

  markPublished(ids: readonly string[]): void {
    for (const id of ids) {
      const kept = this.#kept.get(id);
      if (kept !== undefined) kept.isPublished = true;
    }
  }

  /** Those that have not expired, the newest first. */
  active(): readonly ActiveNotice[] {
    return this.#inForce().toReversed();
  }

  /** What a backup holds of them. */
  copy(): MemoryBroadcasts {
    return new MemoryBroadcasts(
      this.#options,
      [...this.#kept.values()].map((each) => ({ ...each })),
    );
  }

  #inForce(): readonly KeptBroadcast[] {
    const now = this.#now();
    // They were made, and so are kept, in the order of their ids.
    return [...this.#kept.values()].filter(({ expiresAt }) => expiresAt > now);
  }

  #now(): Date {
    return new Date(this.#options.nowMs());
  }
}
