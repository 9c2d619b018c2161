import { z } from 'zod';
import { type Cursor, digestSchema, epochSchema } from '../cursor.ts';
import { TillcastError } from '../errors.ts';
import { type LicenseKey, licenseKeySchema } from '../license-key.ts';
import {
  BROADCAST_TYPES,
  type BroadcastType,
  CHANGE_TYPES,
  type ChangeType,
  isChangeType,
} from '../message-type.ts';
import { detailsOf } from '../validation.ts';
import { PAYLOAD_SCHEMAS, type PayloadOf } from './payload.ts';

/** A committed, numbered change of one license on the wire. */
export type ChangeMessage = { readonly [T in ChangeType]: ChangeMessageOf<T> }[ChangeType];

export interface ChangeMessageOf<T extends ChangeType> {
  readonly id: string;
  readonly type: T;
  readonly license_key: LicenseKey;
  readonly epoch: string;
  /** The license's version after the change. */
  readonly version: number;
  /** The digest of the whole catalog at that version. */
  readonly digest: string;
  /** When it was committed: ISO 8601 with milliseconds, UTC. */
  readonly timestamp: string;
  readonly payload: PayloadOf[T];
}

/** A word to every till: outside each license's history, so without epoch, version and digest. */
export interface BroadcastMessage {
  readonly id: string;
  readonly type: `broadcast.${BroadcastType}`;
  readonly license_key: '*';
  readonly timestamp: string;
  readonly expires_at: string;
  readonly payload: SystemNotice;
}

/** Something that staff should read, until `expires_at`. */
export interface SystemNotice {
  readonly message: string;
  readonly severity: 'info' | 'warning';
}

export type Message = ChangeMessage | BroadcastMessage;

export const NOTICE_MAX_LENGTH = 500;

export const systemNoticeSchema: z.ZodType<SystemNotice, unknown> = z.object({
  message: z.string().min(1).max(NOTICE_MAX_LENGTH),
  severity: z.enum(['info', 'warning']).default('info'),
});

const timestampSchema = z.iso.datetime({ precision: 3 });

const changeSchema = z.object({
  id: z.uuid(),
  type: z.enum(CHANGE_TYPES),
  license_key: licenseKeySchema,
  epoch: epochSchema,
  version: z.int().positive(),
  digest: digestSchema,
  timestamp: timestampSchema,
  payload: z.unknown(),
});

const broadcastSchema: z.ZodType<BroadcastMessage, unknown> = z.object({
  id: z.uuid(),
  type: z.templateLiteral(['broadcast.', z.enum(BROADCAST_TYPES)]),
  license_key: z.literal('*'),
  timestamp: timestampSchema,
  expires_at: timestampSchema,
  payload: systemNoticeSchema,
});

/**
 * A change's message body. `payload` is JSON text, so that an item's canonical body goes out as the very
 * text that was stored and hashed.
 */
export function encodeChange(head: Omit<ChangeMessage, 'payload'>, payload: string): string {
  const { id, type, license_key, epoch, version, digest, timestamp } = head;
  const fields = JSON.stringify({ id, type, license_key, epoch, version, digest, timestamp });
  return `${fields.slice(0, -1)},"payload":${payload}}`;
}

export function encodeBroadcast(message: BroadcastMessage): string {
  return JSON.stringify(message);
}

/**
 * A message body of the wire, checked against its type's schema. Unknown fields are let through unread:
 * a newer publisher may send more.
 * @throws TillcastError `message_invalid` with pointers
 */
export function decodeMessage(text: string): Message {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TillcastError('message_invalid', 'The message is not JSON.', { cause });
  }
  const type = typeof json === 'object' && json !== null && 'type' in json ? json.type : undefined;
  if (isChangeType(type)) return decodeChange(json, type);
  return checked(broadcastSchema, json, '');
}

function decodeChange(json: unknown, type: ChangeType): ChangeMessage {
  const head = checked(changeSchema, json, '');
  const payload = checked<PayloadOf[ChangeType]>(PAYLOAD_SCHEMAS[type], head.payload, '/payload');
  // The payload was checked by this very type's schema; the compiler cannot tie the two together.
  return { ...head, type, payload } as ChangeMessage;
}

function checked<T>(schema: z.ZodType<T, unknown>, value: unknown, at: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const details = detailsOf(parsed.error).map((each) => ({ ...each, pointer: at + each.pointer }));
  const first = details[0];
  const why = first === undefined ? '' : ` ${first.pointer}: ${first.detail}`;
  throw new TillcastError('message_invalid', `The message is not valid:${why}.`, {
    cause: parsed.error,
    details,
  });
}

/** The position that a change leads to. */
export function cursorOf(message: ChangeMessage): Cursor {
  return { epoch: message.epoch, version: message.version, digest: message.digest };
}
