import { hash, type KeyObject, verify } from 'node:crypto';
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
import {
  parseSignature,
  SIGNATURE_HEADER,
  signedHeadOf,
  signedText,
} from '@tillcast/protocol/messages/signature';
import type { IncomingChange } from '@tillcast/protocol/replica/event';
import { type ParsedRoutingKey, parseRoutingKey } from '@tillcast/protocol/routing';
import type { MessageKeys } from '../identity/message-keys.ts';
import { ChangeNote } from './change-note.ts';

/**
 * Why a delivery is not used: it is not of the wire format; its routing key and its content name different
 * things; it is of another license and should never have come here; it has no signature, a false one, or one
 * by a key of which the server did not tell.
 */
export type DropReason =
  | 'message_malformed'
  | 'message_misrouted'
  | 'message_foreign_license'
  | 'message_unsigned'
  | 'message_signature_invalid'
  | 'message_key_unknown';

/** What a delivery turned out to be. */
export type Incoming =
  | { readonly kind: 'change'; readonly change: IncomingChange }
  | { readonly kind: 'broadcast'; readonly message: BroadcastMessage }
  /** Nobody can tell yet: the key that it names is not known here. */
  | { readonly kind: 'unknown_key'; readonly kid: string }
  | { readonly kind: 'dropped'; readonly why: DropReason; readonly detail: string };

/** Whether a signature (base64url) is the key's, of a text. */
export type SignatureCheck = (text: string, key: KeyObject, signature: string) => boolean;

/** The check of the wire format: Ed25519. */
export const isSignedByKey: SignatureCheck = (text, key, signature) =>
  verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));

/**
 * Reads a delivery for one license. That the broker brought it proves nothing: it must be signed by the server,
 * whole and for this place in this history, and its routing key, its content's license and its content's type
 * must all agree, and be ours (P1).
 */
export function readDelivery(
  delivery: Delivery,
  licenseKey: LicenseKey,
  keys: Pick<MessageKeys, 'find'>,
  receivedAtMs: number,
  checkSignature: SignatureCheck = isSignedByKey,
): Incoming {
  const route = parseRoutingKey(delivery.routingKey);
  if (route === null) return dropped('message_misrouted', 'its routing key is not one of the exchange');
  if (route.kind === 'change' && route.licenseKey !== licenseKey) {
    return dropped('message_foreign_license', 'its routing key names another license');
  }
  const header = delivery.headers[SIGNATURE_HEADER];
  if (header === undefined) return dropped('message_unsigned', 'it is not signed');
  const signature = parseSignature(header);
  if (signature === null) return dropped('message_signature_invalid', 'its signature is none');
  const key = keys.find(signature.kid);
  if (key === null) return { kind: 'unknown_key', kid: signature.kid };
  try {
    const bytes = decodeContent(delivery.body, delivery.contentEncoding);
    const message = messageOf(bytes);
    // Of the message itself, not of what the broker says about it, its signature must speak.
    const text = signedText(signedHeadOf(message), hash('sha256', bytes, 'hex'));
    if (!checkSignature(text, key, signature.signature)) {
      return dropped('message_signature_invalid', 'its signature is not one of the server for this content');
    }
    return believed(message, route, licenseKey, receivedAtMs);
  } catch (error) {
    if (error instanceof TillcastError) return dropped('message_malformed', error.message);
    throw error;
  }
}

/** What a message of the server means here. */
function believed(
  message: Message,
  route: ParsedRoutingKey,
  licenseKey: LicenseKey,
  receivedAtMs: number,
): Incoming {
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

function messageOf(bytes: Uint8Array): Message {
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
