import { isBroadcastType } from '@tillcast/protocol/message-type';
import type { Session } from '../database/database.ts';
import {
  checkedColumn,
  command,
  instantColumn,
  nullable,
  statement,
  textColumn,
} from '../database/statement.ts';
import type { WaitingBroadcast } from './change-log.ts';

const READ_WAITING = statement<WaitingBroadcast>(
  'read_waiting_broadcasts',
  `SELECT id, type, message, signature, created_at AS "createdAt"
  FROM broadcasts
  WHERE published_at IS NULL AND expires_at > now()
  ORDER BY created_at, id
  LIMIT 100`,
  {
    id: textColumn,
    type: checkedColumn('a broadcast type', isBroadcastType),
    message: textColumn,
    signature: nullable(textColumn),
    createdAt: instantColumn,
  },
);

const MARK = command(
  'mark_broadcasts_published',
  'UPDATE broadcasts SET published_at = now() WHERE id = ANY ($1::uuid[])',
);

/** The oldest broadcasts that wait and have not expired. */
export function readWaitingBroadcasts(session: Session): Promise<readonly WaitingBroadcast[]> {
  return session.query(READ_WAITING);
}

export async function markBroadcastsPublished(session: Session, ids: readonly string[]): Promise<void> {
  await session.query(MARK, [ids]);
}
