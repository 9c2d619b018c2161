import { TillcastError } from '@tillcast/protocol/errors';
import type { SigningKey } from '@tillcast/protocol/http/admin-api';
import { appendAudit } from '../audit/append-audit.ts';
import type { Session } from '../database/database.ts';
import { makeSigningKey } from './opened-key.ts';
import {
  deleteSigningKey,
  insertSigningKey,
  listSigningKeys,
  lockSigningKeys,
  notifySigningKeys,
  promoteSigningKey,
} from './signing-key-statements.ts';

/**
 * Takes a key that got into other hands: it is deleted, and what it signed counts no more. Was it the current
 * one, the next one signs at once, whoever has not heard of it yet; was it that or the next one, a new next one
 * is made. In the session's transaction.
 * @returns what the key was
 * @throws TillcastError `not_found` where there is no such key
 */
export async function revokeKey(
  session: Session,
  how: { readonly kid: string; readonly secretKey: Uint8Array; readonly now: Date },
): Promise<Pick<SigningKey, 'purpose' | 'state'>> {
  const { kid, secretKey, now } = how;
  await lockSigningKeys(session);
  const stored = await listSigningKeys(session);
  const key = stored.find((each) => each.kid === kid);
  if (key === undefined) {
    throw new TillcastError('not_found', `There is no signing key ${kid}: tillcast keys list shows them.`);
  }
  const { purpose, state } = key;
  await deleteSigningKey(session, kid);
  if (state === 'current') {
    const next = stored.find((each) => each.purpose === purpose && each.state === 'next');
    if (next === undefined) {
      throw new TillcastError(
        'internal',
        `The database lacks a next key for ${purpose}s: start a backend anew.`,
      );
    }
    await promoteSigningKey(session, next.kid);
  }
  if (state !== 'retired') {
    const made = await makeSigningKey(purpose, secretKey);
    await insertSigningKey(session, { ...made, state: 'next' });
  }
  await notifySigningKeys(session);
  const act = { actor: 'operator', act: 'key.revoked', subject: kid, detail: { purpose, state } };
  await appendAudit(session, act, now);
  return { purpose, state };
}
