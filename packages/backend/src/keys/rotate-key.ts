import { TillcastError } from '@tillcast/protocol/errors';
import type { KeyPurpose } from '@tillcast/protocol/http/admin-api';
import { appendAudit } from '../audit/append-audit.ts';
import type { Session } from '../database/database.ts';
import { RETIRED_KEY_LIFE_MS, RETIRED_KEYS_MAX } from './key-ring.ts';
import { makeSigningKey } from './opened-key.ts';
import {
  insertSigningKey,
  type KeyState,
  listSigningKeys,
  lockSigningKeys,
  notifySigningKeys,
  promoteSigningKey,
  retireSigningKey,
  type StoredKey,
} from './signing-key-statements.ts';

/**
 * The next key becomes the current one, the current one is retired, and a new next one is made; in the
 * session's transaction.
 * @returns the keys by their state after it
 * @throws TillcastError `rotation_too_soon`
 */
export async function rotateKey(
  session: Session,
  how: {
    readonly purpose: KeyPurpose;
    readonly secretKey: Uint8Array;
    readonly now: Date;
    readonly nextKeyMinAgeMs: number;
  },
): Promise<{ readonly current: string; readonly retired: string; readonly next: string }> {
  const { purpose, secretKey, now, nextKeyMinAgeMs } = how;
  await lockSigningKeys(session);
  const ofPurpose = (await listSigningKeys(session)).filter((key) => key.purpose === purpose);
  const [current] = inState(ofPurpose, 'current');
  const [next] = inState(ofPurpose, 'next');
  if (current === undefined || next === undefined) {
    throw new TillcastError('internal', `The database lacks a key for ${purpose}s: start a backend anew.`);
  }
  if (next.ageMs < nextKeyMinAgeMs) throw tooYoung(purpose, next.ageMs, nextKeyMinAgeMs);
  const retired = inState(ofPurpose, 'retired').filter((key) => !isRetiredForGood(key));
  if (retired.length >= RETIRED_KEYS_MAX) throw tooMany(purpose, retired.length);
  const made = await makeSigningKey(purpose, secretKey);
  await retireSigningKey(session, current.kid);
  await promoteSigningKey(session, next.kid);
  await insertSigningKey(session, { ...made, state: 'next' });
  await notifySigningKeys(session);
  const detail = { purpose, retired: current.kid, next: made.kid };
  await appendAudit(session, { actor: 'operator', act: 'key.rotated', subject: next.kid, detail }, now);
  return { current: next.kid, retired: current.kid, next: made.kid };
}

/**
 * Whether a retired key's time to verify is over.
 * @param sinceMs how long ago it was read
 */
export function isRetiredForGood(
  { purpose, retiredForMs }: Pick<StoredKey, 'purpose' | 'retiredForMs'>,
  sinceMs = 0,
): boolean {
  return retiredForMs !== null && retiredForMs + sinceMs > RETIRED_KEY_LIFE_MS[purpose];
}

function inState(keys: readonly StoredKey[], state: KeyState): readonly StoredKey[] {
  return keys.filter((key) => key.state === state);
}

function tooYoung(purpose: KeyPurpose, ageMs: number, minAgeMs: number): TillcastError {
  const seconds = (ms: number): number => Math.ceil(ms / 1_000);
  return new TillcastError(
    'rotation_too_soon',
    `The next ${purpose} key was published only ${seconds(ageMs)} s ago, and copies of the published keys may be without it for ${seconds(minAgeMs)} s. Try again in ${seconds(minAgeMs - ageMs)} s.`,
  );
}

function tooMany(purpose: KeyPurpose, count: number): TillcastError {
  const hours = RETIRED_KEY_LIFE_MS[purpose] / 3_600_000;
  return new TillcastError(
    'rotation_too_soon',
    `There are ${count} retired ${purpose} keys that still verify, as many as there may be. Each goes ${Math.ceil(hours)} h after it was retired: try again then.`,
  );
}
