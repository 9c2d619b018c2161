import type { Logger, OutgoingMessage } from '@tillcast/broker';
import type { WaitingChange } from './change-log.ts';
import { CONFIRMED, type Outcome, outcomeOf, type Settled } from './outcome.ts';
import { outgoingChange } from './outgoing.ts';
import type { RelayObserver, RelayPublisher } from './relay-options.ts';

export interface PublishContext {
  readonly publisher: RelayPublisher;
  readonly logger: Logger;
  readonly observer: RelayObserver;
  /** The wall clock: milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** A message with what is told of it. */
export interface Publication {
  readonly message: OutgoingMessage;
  /** When what it tells of was committed, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** For the log. */
  readonly fields: () => object;
}

/**
 * Hands all changes to the publisher at once, in order, and resolves when each is settled; never rejects. The
 * publisher's own window bounds what is under way.
 */
export async function publishChanges(
  changes: readonly WaitingChange[],
  context: PublishContext,
): Promise<readonly Settled[]> {
  const outcomes = await publishAll(changes.map(publicationOf), context);
  const settled: Settled[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const change = changes[index];
    if (change === undefined) continue;
    settled.push({ change, outcome });
    if (outcome.outcome === 'confirmed' && change.passedOver > 0) tellPassedOver(change, context);
  }
  return settled;
}

/**
 * Hands all messages to the publisher at once, in order; resolves with what became of each, which is logged and
 * counted.
 */
export function publishAll(
  publications: readonly Publication[],
  context: PublishContext,
): Promise<readonly Outcome[]> {
  if (publications.length === 0) return Promise.resolve([]);
  const { promise, resolve } = Promise.withResolvers<readonly Outcome[]>();
  const outcomes: Outcome[] = [];
  let unsettled = publications.length;
  // Counted, in the place of a promise for each message.
  for (const [index, publication] of publications.entries()) {
    context.publisher.send(publication.message, (error) => {
      const outcome = error === null ? CONFIRMED : outcomeOf(error);
      outcomes[index] = outcome;
      report(outcome, publication, context);
      unsettled -= 1;
      if (unsettled > 0) return;
      logConfirmed(publications, outcomes, context.logger);
      resolve(outcomes);
    });
  }
  return promise;
}

function publicationOf(change: WaitingChange): Publication {
  return { message: outgoingChange(change), sinceMs: change.committedAtMs, fields: () => fieldsOf(change) };
}

function fieldsOf({ licenseKey, version }: WaitingChange): object {
  return { license: licenseKey, version };
}

function tellPassedOver(change: WaitingChange, { observer, logger }: PublishContext): void {
  const { passedOver } = change;
  observer.passedOver(passedOver);
  const fields = { ...fieldsOf(change), passed_over: passedOver };
  logger.info(fields, 'changes before it are left to the delta');
}

/** Counts an outcome, and logs one that is not as it should be. */
function report(outcome: Outcome, publication: Publication, context: PublishContext): void {
  const { logger, observer, nowMs } = context;
  if (outcome.outcome === 'confirmed') {
    observer.published(publication.message.type, nowMs() - publication.sinceMs);
    return;
  }
  const { code } = outcome.error;
  observer.failed(code);
  const fields = logFields(publication);
  if (outcome.outcome === 'failed') logger.debug({ ...fields, code }, 'not published; it is tried again');
  else logger.error({ ...fields, err: outcome.error }, 'cannot be published; tills will see a gap and pull');
}

/** One line a batch, however many messages it has. */
function logConfirmed(
  publications: readonly Publication[],
  outcomes: readonly Outcome[],
  logger: Logger,
): void {
  const confirmed = publications.filter((_, index) => outcomes[index]?.outcome === 'confirmed');
  const [first] = confirmed;
  if (first === undefined) return;
  logger.info(confirmed.length === 1 ? logFields(first) : { messages: confirmed.length }, 'published');
}

function logFields({ message, fields }: Publication): object {
  return { ...fields(), message_type: message.type, routing_key: message.routingKey };
}
