import { type Publication, type PublishContext, publishAll } from './change-batch.ts';
import type { ChangeLog, WaitingBroadcast } from './change-log.ts';
import { outgoingBroadcast } from './outgoing.ts';

export interface BroadcastRelayOptions {
  readonly log: Pick<ChangeLog, 'readWaitingBroadcasts' | 'markBroadcastsPublished'>;
  readonly context: PublishContext;
  /** Whether broadcasts are ours to publish at this moment. */
  readonly mayPublish: () => boolean;
}

/** Publishes the broadcasts that wait. */
export class BroadcastRelay {
  readonly #options: BroadcastRelayOptions;

  constructor(options: BroadcastRelayOptions) {
    this.#options = options;
  }

  /** Publishes what waits; what fails waits on for the next call. */
  async publishWaiting(): Promise<void> {
    const { log, context, mayPublish } = this.#options;
    if (!mayPublish()) return;
    const waiting = await log.readWaitingBroadcasts();
    if (waiting.length === 0 || !mayPublish()) return;
    const outcomes = await publishAll(waiting.map(publicationOf), context);
    const ids = waiting.filter((_, index) => outcomes[index]?.outcome !== 'failed').map(({ id }) => id);
    if (ids.length > 0) await log.markBroadcastsPublished(ids);
  }
}

function publicationOf(broadcast: WaitingBroadcast): Publication {
  const sinceMs = broadcast.createdAt.getTime();
  return { message: outgoingBroadcast(broadcast), sinceMs, fields: () => ({ license: '*' }) };
}
