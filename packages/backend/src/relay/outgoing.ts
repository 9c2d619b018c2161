import { encodeContent, type OutgoingMessage } from '@tillcast/broker';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import { broadcastRoutingKey, routingKeyOf } from '@tillcast/protocol/routing';
import type { WaitingBroadcast, WaitingChange } from './change-log.ts';

/** A change as the publisher takes it. */
export function outgoingChange(change: WaitingChange): OutgoingMessage {
  const { licenseKey, type, id, message, signature, committedAtMs } = change;
  return {
    routingKey: routingKeyOf(licenseKey, type),
    messageId: id,
    type,
    timestampMs: committedAtMs,
    ...signed(signature),
    ...encodeContent(Buffer.from(message)),
  };
}

/** A broadcast as the publisher takes it. */
export function outgoingBroadcast(broadcast: WaitingBroadcast): OutgoingMessage {
  const { type, id, message, signature, createdAt } = broadcast;
  return {
    routingKey: broadcastRoutingKey(type),
    messageId: id,
    type: `broadcast.${type}`,
    timestampMs: createdAt.getTime(),
    ...signed(signature),
    ...encodeContent(Buffer.from(message)),
  };
}

/** The signature of the commit goes out as it is: whoever relays cannot sign. */
function signed(signature: string | null): Pick<OutgoingMessage, 'headers'> {
  return signature === null ? {} : { headers: { [SIGNATURE_HEADER]: signature } };
}
