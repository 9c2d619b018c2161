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

/** Signs a message for every till and hands it to the relay, which publishes it until it expires. */
export async function createBroadcast(
  session: Session,
  request: BroadcastRequest,
  context: { readonly now: () => Date; readonly signer: MessageSigner },
): Promise<{ id: string; expires_at: string }> {
  const now = context.now();
  const expiresAt = new Date(now.getTime() + request.expires_in_s * 1_000);
  const message: BroadcastMessage = {
    id: uuidv7(),
    type: `broadcast.${request.type}`,
    license_key: '*',
    timestamp: now.toISOString(),
    expires_at: expiresAt.toISOString(),
    payload: { message: request.message, severity: request.severity },
  };
  const body = encodeBroadcast(message);
  const signature = context.signer.sign({ license_key: message.license_key, at: null }, body);
  await session.query(INSERT, [message.id, request.type, body, signature, now, expiresAt]);
  return { id: message.id, expires_at: message.expires_at };
}
