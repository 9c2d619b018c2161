import { encodeContent, type OutgoingMessage } from '@tillcast/broker';
import { broadcastRoutingKey, routingKeyOf } from '@tillcast/protocol/routing';
import type { WaitingBroadcast } from './broadcast-statements.ts';
import type { WaitingChange } from './publication-statements.ts';

/** A change as the publisher takes it. */
export function outgoingChange(change: WaitingChange): OutgoingMessage {
  const { licenseKey, type, id, message, committedAtMs } = change;
  return {
    routingKey: routingKeyOf(licenseKey, type),
    messageId: id,
    type,
    timestampMs: committedAtMs,
    ...encodeContent(Buffer.from(message)),
  };
}

/** A broadcast as the publisher takes it. */
export function outgoingBroadcast(broadcast: WaitingBroadcast): OutgoingMessage {
  const { type, id, message, createdAt } = broadcast;
  return {
    routingKey: broadcastRoutingKey(type),
    messageId: id,
    type: `broadcast.${type}`,
    timestampMs: createdAt.getTime(),
    ...encodeContent(Buffer.from(message)),
  };
}
