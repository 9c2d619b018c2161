import type { LicenseKey } from '@tillcast/protocol/license-key';
import { type ChangeMessage, decodeMessage, type Message } from '@tillcast/protocol/messages/envelope';
import type { Database } from '../../src/database/database.ts';
import { integerColumn, statement, textColumn } from '../../src/database/statement.ts';

const READ_LOG = statement<{ version: number; message: string }>(
  'test_read_log',
  `SELECT c.version, c.message FROM changes c JOIN licenses l ON l.id = c.license_id
  WHERE l.key = $1 ORDER BY c.version`,
  { version: integerColumn, message: textColumn },
);

/** The license's messages as its change log has them, each checked as a till would. */
export async function messagesOf(database: Database, key: LicenseKey): Promise<readonly ChangeMessage[]> {
  const rows = await database.query(READ_LOG, [key]);
  return rows.map(({ message }) => changeOf(decodeMessage(message)));
}

/** The message as a change, which it must be. */
export function changeOf(message: Message): ChangeMessage {
  if ('expires_at' in message) throw new Error('A broadcast is where only changes should be.');
  return message;
}
