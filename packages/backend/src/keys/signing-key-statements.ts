import { KEY_PURPOSES, type KeyPurpose, type SigningKey } from '@tillcast/protocol/http/admin-api';
import type { Session } from '../database/database.ts';
import {
  checkedColumn,
  command,
  instantColumn,
  nullable,
  statement,
  textColumn,
} from '../database/statement.ts';

/** Notified when a signing key was made or changed its state. */
export const KEYS_CHANNEL = 'tillcast_keys';

export type KeyState = SigningKey['state'];

/** A signing key as it is stored. The private key is sealed; the public one is computed from it. */
export interface StoredKey {
  readonly kid: string;
  readonly purpose: KeyPurpose;
  readonly state: KeyState;
  readonly sealed: string;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
}

const STATES: readonly KeyState[] = ['current', 'next', 'retired'];

// Any constant will do, so long as every backend takes the same one.
const LOCK = command('lock_signing_keys', 'SELECT FROM pg_advisory_xact_lock(7455121803)');

const LIST = statement<StoredKey>(
  'list_signing_keys',
  `SELECT kid, purpose, state, sealed_private_jwk AS sealed, created_at AS "createdAt", retired_at AS "retiredAt"
  FROM signing_keys
  ORDER BY purpose, state, retired_at DESC, kid`,
  {
    kid: textColumn,
    purpose: checkedColumn('a purpose', isOneOf(KEY_PURPOSES)),
    state: checkedColumn("a key's state", isOneOf(STATES)),
    sealed: textColumn,
    createdAt: instantColumn,
    retiredAt: nullable(instantColumn),
  },
);

const INSERT = command(
  'insert_signing_key',
  `INSERT INTO signing_keys (kid, purpose, state, sealed_private_jwk, created_at, current_from)
  VALUES ($1, $2, $3, $4, $5, CASE WHEN $3 = 'current' THEN $5::timestamptz END)`,
);

const RETIRE = command(
  'retire_signing_key',
  "UPDATE signing_keys SET state = 'retired', retired_at = $2 WHERE kid = $1",
);

const PROMOTE = command(
  'promote_signing_key',
  "UPDATE signing_keys SET state = 'current', current_from = $2 WHERE kid = $1",
);

const DELETE = command(
  'delete_signing_keys',
  "DELETE FROM signing_keys WHERE kid = ANY ($1::text[]) AND state = 'retired'",
);

const DELETE_ONE = command('delete_signing_key', 'DELETE FROM signing_keys WHERE kid = $1');

const NOTIFY = command('notify_signing_keys', `SELECT pg_notify('${KEYS_CHANNEL}', '')`);

/** Keeps every other backend from changing the keys until the transaction ends. */
export async function lockSigningKeys(session: Session): Promise<void> {
  await session.query(LOCK);
}

/** All keys: by purpose, then current, next and retired, the last retired first. */
export function listSigningKeys(session: Session): Promise<readonly StoredKey[]> {
  return session.query(LIST);
}

export async function insertSigningKey(session: Session, key: Omit<StoredKey, 'retiredAt'>): Promise<void> {
  await session.query(INSERT, [key.kid, key.purpose, key.state, key.sealed, key.createdAt]);
}

export async function retireSigningKey(session: Session, kid: string, at: Date): Promise<void> {
  await session.query(RETIRE, [kid, at]);
}

export async function promoteSigningKey(session: Session, kid: string, at: Date): Promise<void> {
  await session.query(PROMOTE, [kid, at]);
}

/** Deletes such of these keys as are retired. */
export async function deleteSigningKeys(session: Session, kids: readonly string[]): Promise<void> {
  await session.query(DELETE, [kids]);
}

/** Deletes a key, whatever its state. */
export async function deleteSigningKey(session: Session, kid: string): Promise<void> {
  await session.query(DELETE_ONE, [kid]);
}

/** Tells all backends, when the transaction is committed, that keys have changed. */
export async function notifySigningKeys(session: Session): Promise<void> {
  await session.query(NOTIFY);
}

function isOneOf<Word extends string>(words: readonly Word[]): (value: unknown) => value is Word {
  return (value): value is Word => words.some((word) => word === value);
}
