import { type Delivery, decodeContent } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { editsOf } from '@tillcast/protocol/messages/edits';
import {
  type BroadcastMessage,
  type ChangeMessage,
  cursorOf,
  decodeMessage,
  type Message,
} from '@tillcast/protocol/messages/envelope';
import type { IncomingChange } from '@tillcast/protocol/replica/event';
import { parseRoutingKey } from '@tillcast/protocol/routing';
import { ChangeNote } from './change-note.ts';

/**
 * Why a delivery is not used: it is not of the wire format, its routing key and its content name different
 * things, or it is of another license and should never have come here.
 */
export type DropReason = 'message_malformed' | 'message_misrouted' | 'message_foreign_license';

/** What a delivery turned out to be. */
export type Incoming =
  | { readonly kind: 'change'; readonly change: IncomingChange }
  | { readonly kind: 'broadcast'; readonly message: BroadcastMessage }
  | { readonly kind: 'dropped'; readonly why: DropReason; readonly detail: string };

/**
 * Reads a delivery for one license. That the broker brought it proves nothing: its routing key, its
 * content's license and its content's type must all agree, and be ours (P1).
 */
export function readDelivery(delivery: Delivery, licenseKey: LicenseKey, receivedAtMs: number): Incoming {
  const route = parseRoutingKey(delivery.routingKey);
  if (route === null) return dropped('message_misrouted', 'its routing key is not one of the exchange');
  if (route.kind === 'change' && route.licenseKey !== licenseKey) {
    return dropped('message_foreign_license', 'its routing key names another license');
  }
  let message: Message;
  try {
    message = messageOf(delivery);
  } catch (error) {
    if (error instanceof TillcastError) return dropped('message_malformed', error.message);
    throw error;
  }
  if (route.kind === 'broadcast') {
    return isBroadcast(message) && message.type === `broadcast.${route.type}`
      ? { kind: 'broadcast', message }
      : dropped('message_misrouted', 'its content is not the broadcast that its routing key names');
  }
  if (isBroadcast(message)) return dropped('message_misrouted', 'it is a broadcast routed as a change');
  if (message.license_key !== licenseKey) {
    return dropped('message_foreign_license', 'its content is of another license');
  }
  if (message.type !== route.type) {
    return dropped('message_misrouted', 'its content is of another type than its routing key');
  }
  return { kind: 'change', change: changeOf(message, receivedAtMs) };
}

function messageOf({ body, contentEncoding }: Delivery): Message {
  const bytes = decodeContent(body, contentEncoding);
  try {
    return decodeMessage(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    if (cause instanceof TillcastError) throw cause;
    throw new TillcastError('message_invalid', 'The message is not UTF-8.', { cause });
  }
}

function isBroadcast(message: Message): message is BroadcastMessage {
  return message.license_key === '*';
}

function changeOf(message: ChangeMessage, receivedAtMs: number): IncomingChange {
  return { to: cursorOf(message), edits: editsOf(message), note: new ChangeNote(message, receivedAtMs) };
}

function dropped(why: DropReason, detail: string): Incoming {
  return { kind: 'dropped', why, detail };
}
