import { KEY_PURPOSES, type KeyPurpose, type SigningKey } from '@tillcast/protocol/http/admin-api';
import type { Session } from '../database/database.ts';
import {
  checkedColumn,
  command,
  instantColumn,
  nullable,
  numberColumn,
  statement,
  textColumn,
} from '../database/statement.ts';

/** Notified when a signing key was made or changed its state. */
export const KEYS_CHANNEL = 'tillcast_keys';

export type KeyState = SigningKey['state'];

/**
 * A signing key as it is stored. The private key is sealed; the public one is computed from it. Its ages are by
 * the database's clock, which also wrote its instants: a backend's own may be wrong.
 */
export interface StoredKey {
  readonly kid: string;
  readonly purpose: KeyPurpose;
  readonly state: KeyState;
  readonly sealed: string;
  readonly createdAt: Date;
  readonly ageMs: number;
  /** For how long it has been retired; null where it is not. */
  readonly retiredForMs: number | null;
}

const STATES: readonly KeyState[] = ['current', 'next', 'retired'];

// Any constant will do, so long as every backend takes the same one.
const LOCK = command('lock_signing_keys', 'SELECT FROM pg_advisory_xact_lock(7455121803)');

const LIST = statement<StoredKey>(
  'list_signing_keys',
  `SELECT kid, purpose, state, sealed_private_jwk AS sealed, created_at AS "createdAt",
    (extract(epoch FROM clock_timestamp() - created_at) * 1000)::float8 AS "ageMs",
    (extract(epoch FROM clock_timestamp() - retired_at) * 1000)::float8 AS "retiredForMs"
  FROM signing_keys
  ORDER BY purpose, state, retired_at DESC, kid`,
  {
    kid: textColumn,
    purpose: checkedColumn('a purpose', isOneOf(KEY_PURPOSES)),
    state: checkedColumn("a key's state", isOneOf(STATES)),
    sealed: textColumn,
    createdAt: instantColumn,
    ageMs: numberColumn,
    retiredForMs: nullable(numberColumn),
  },
);

const INSERT = command(
  'insert_signing_key',
  `INSERT INTO signing_keys (kid, purpose, state, sealed_private_jwk, created_at, current_from)
  VALUES ($1, $2, $3, $4, clock_timestamp(), CASE WHEN $3 = 'current' THEN clock_timestamp() END)`,
);

const RETIRE = command(
  'retire_signing_key',
  "UPDATE signing_keys SET state = 'retired', retired_at = clock_timestamp() WHERE kid = $1",
);

const PROMOTE = command(
  'promote_signing_key',
  "UPDATE signing_keys SET state = 'current', current_from = clock_timestamp() WHERE kid = $1",
);

const DELETE_RETIRED = command(
  'delete_retired_signing_keys',
  `DELETE FROM signing_keys
  WHERE state = 'retired' AND purpose = $1 AND clock_timestamp() - retired_at > $2 * interval '1 millisecond'`,
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

export async function insertSigningKey(
  session: Session,
  key: Pick<StoredKey, 'kid' | 'purpose' | 'state' | 'sealed'>,
): Promise<void> {
  await session.query(INSERT, [key.kid, key.purpose, key.state, key.sealed]);
}

export async function retireSigningKey(session: Session, kid: string): Promise<void> {
  await session.query(RETIRE, [kid]);
}

export async function promoteSigningKey(session: Session, kid: string): Promise<void> {
  await session.query(PROMOTE, [kid]);
}

/** Deletes the keys of a purpose that have been retired for longer than this. */
export async function deleteRetiredSigningKeys(
  session: Session,
  purpose: KeyPurpose,
  lifeMs: number,
): Promise<void> {
  await session.query(DELETE_RETIRED, [purpose, lifeMs]);
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
