import type { Logger } from '@tillcast/broker';
import type { WaitingChange } from './change-log.ts';
import { type Outcome, outcomeOf, type Settled } from './outcome.ts';
import { outgoingChange } from './outgoing.ts';
import type { RelayObserver, RelayPublisher } from './relay-options.ts';

export interface PublishContext {
  readonly publisher: RelayPublisher;
  readonly logger: Logger;
  readonly observer: RelayObserver;
  /** The wall clock: milliseconds since 1970. */
  readonly nowMs: () => number;
}

/**
 * Hands all changes to the publisher at once, in order, and resolves when each is settled; never rejects. The
 * publisher's own window bounds what is under way.
 */
export function publishChanges(
  changes: readonly WaitingChange[],
  context: PublishContext,
): Promise<readonly Settled[]> {
  return Promise.all(changes.map((change) => publishChange(change, context)));
}

async function publishChange(change: WaitingChange, context: PublishContext): Promise<Settled> {
  const message = outgoingChange(change);
  const fields = {
    license: change.licenseKey,
    message_type: change.type,
    routing_key: message.routingKey,
    version: change.version,
  };
  const outcome = await settle(context.publisher.publish(message));
  report(outcome, fields, change.committedAtMs, context);
  if (outcome.outcome === 'confirmed' && change.passedOver > 0) {
    context.observer.passedOver(change.passedOver);
    context.logger.info(
      { ...fields, passed_over: change.passedOver },
      'changes before it are left to the delta',
    );
  }
  return { change, outcome };
}

/** What became of a publish. */
export function settle(publishing: Promise<void>): Promise<Outcome> {
  return publishing.then(() => ({ outcome: 'confirmed' as const }), outcomeOf);
}

/** Logs and counts an outcome. */
export function report(
  outcome: Outcome,
  fields: { readonly message_type: string } & object,
  sinceMs: number,
  context: PublishContext,
): void {
  const { logger, observer, nowMs } = context;
  if (outcome.outcome === 'confirmed') {
    observer.published(fields.message_type, nowMs() - sinceMs);
    logger.info(fields, 'published');
    return;
  }
  const { code } = outcome.error;
  observer.failed(code);
  if (outcome.outcome === 'failed') logger.debug({ ...fields, code }, 'not published; it is tried again');
  else logger.error({ ...fields, err: outcome.error }, 'cannot be published; tills will see a gap and pull');
}
