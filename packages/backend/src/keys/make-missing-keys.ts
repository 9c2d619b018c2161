import { KEY_PURPOSES } from '@tillcast/protocol/http/admin-api';
import type { Session } from '../database/database.ts';
import { makeSigningKey } from './opened-key.ts';
import {
  insertSigningKey,
  listSigningKeys,
  lockSigningKeys,
  notifySigningKeys,
} from './signing-key-statements.ts';

/**
 * Makes the current and next keys that are missing, in the session's transaction: of several backends that
 * start at once, the first makes them and the others find them.
 */
export async function makeMissingKeys(session: Session, secretKey: Uint8Array): Promise<void> {
  await lockSigningKeys(session);
  const stored = await listSigningKeys(session);
  let made = 0;
  for (const purpose of KEY_PURPOSES) {
    for (const state of ['current', 'next'] as const) {
      if (stored.some((key) => key.purpose === purpose && key.state === state)) continue;
      await insertSigningKey(session, { ...(await makeSigningKey(purpose, secretKey)), state });
      made += 1;
    }
  }
  if (made > 0) await notifySigningKeys(session);
}
