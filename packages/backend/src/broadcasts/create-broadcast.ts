import type { BroadcastRequest } from '@tillcast/protocol/http/admin-api';
import { type BroadcastMessage, encodeBroadcast } from '@tillcast/protocol/messages/envelope';
import { uuidv7 } from 'uuidv7';
import type { Session } from '../database/database.ts';
import { command } from '../database/statement.ts';
import type { MessageSigner } from '../keys/key-ring.ts';
import { BROADCASTS_CHANNEL } from '../relay/channels.ts';

const INSERT = command(
  'insert_broadcast',
  `WITH broadcast AS (
    INSERT INTO broadcasts (id, type, message, signature, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    RETURNING id
  )
  SELECT pg_notify('${BROADCASTS_CHANNEL}', id::text) FROM broadcast`,
);

/** A broadcast as it is kept: a text that was signed, and when it ends. */
export interface NewBroadcast {
  readonly id: string;
  readonly type: BroadcastRequest['type'];
  readonly message: string;
  readonly signature: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** The signed message of a broadcast that is asked for now. */
export function broadcastOf(
  request: BroadcastRequest,
  {
    now,
    signer,
    newId,
  }: { readonly now: Date; readonly signer: MessageSigner; readonly newId: () => string },
): NewBroadcast {
  const expiresAt = new Date(now.getTime() + request.expires_in_s * 1_000);
  const message: BroadcastMessage = {
    id: newId(),
    type: `broadcast.${request.type}`,
    license_key: '*',
    timestamp: now.toISOString(),
    expires_at: expiresAt.toISOString(),
    payload: { message: request.message, severity: request.severity },
  };
  const body = encodeBroadcast(message);
  const signature = signer.sign({ license_key: message.license_key, at: null }, body);
  return { id: message.id, type: request.type, message: body, signature, createdAt: now, expiresAt };
}

/** Signs a message for every till and hands it to the relay, which publishes it until it expires. */
export async function createBroadcast(
  session: Session,
  request: BroadcastRequest,
  context: { readonly now: () => Date; readonly signer: MessageSigner },
): Promise<{ id: string; expires_at: string }> {
  const { signer } = context;
  const broadcast = broadcastOf(request, { now: context.now(), signer, newId: uuidv7 });
  const { id, type, message, signature, createdAt, expiresAt } = broadcast;
  await session.query(INSERT, [id, type, message, signature, createdAt, expiresAt]);
  return { id, expires_at: expiresAt.toISOString() };
}
