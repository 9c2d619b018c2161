import { type PublishContext, report, settle } from './change-batch.ts';
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
    const { log, mayPublish } = this.#options;
    if (!mayPublish()) return;
    const waiting = await log.readWaitingBroadcasts();
    if (waiting.length === 0 || !mayPublish()) return;
    const published = await Promise.all(waiting.map((broadcast) => this.#publish(broadcast)));
    const ids = published.filter((id) => id !== null);
    if (ids.length > 0) await log.markBroadcastsPublished(ids);
  }

  /** The broadcast's id when it need not be tried again. */
  async #publish(broadcast: WaitingBroadcast): Promise<string | null> {
    const { context } = this.#options;
    const message = outgoingBroadcast(broadcast);
    const outcome = await settle(context.publisher.publish(message));
    const fields = { license: '*', message_type: message.type, routing_key: message.routingKey };
    report(outcome, fields, broadcast.createdAt.getTime(), context);
    return outcome.outcome === 'failed' ? null : broadcast.id;
  }
}
