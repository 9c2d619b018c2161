import { randomInt } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import type { CreateLicense } from '@tillcast/protocol/http/admin-api';
import { type LicenseKey, licenseEndOf, licenseTermOf } from '@tillcast/protocol/license-key';
import type { Session } from '../database/database.ts';
import { integerColumn, statement } from '../database/statement.ts';
import { shardOf } from '../relay/shard.ts';
import { getLicense } from './find-license.ts';
import type { LicenseState } from './license.ts';

const INSERT = statement<{ id: number }>(
  'insert_license',
  `WITH license AS (
    INSERT INTO licenses (key, name, term, valid_until, created_at)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (key) DO NOTHING
    RETURNING id
  ), catalog AS (
    INSERT INTO catalogs (license_id, epoch) SELECT id, $6 FROM license
  ), publication AS (
    INSERT INTO publications (license_id, shard) SELECT id, $7 FROM license
  )
  SELECT id FROM license`,
  { id: integerColumn },
);

const EPOCH_DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const EPOCH_LENGTH = 16;

/**
 * Creates a license with an empty catalog at version 0 of a new history. Where no end is given, it is as the
 * key's term says, from now.
 * @throws TillcastError `license_exists`
 */
export async function createLicense(
  session: Session,
  input: CreateLicense,
  context: { readonly now: () => Date },
): Promise<LicenseState> {
  if (!(await insertLicense(session, input, context.now()))) {
    throw new TillcastError('license_exists', `License ${input.key} exists already; choose another key.`);
  }
  return getLicense(session, input.key);
}

/** The license of this key, created now where there is none. */
export async function ensureLicense(
  session: Session,
  key: LicenseKey,
  context: { readonly now: () => Date },
): Promise<LicenseState> {
  await insertLicense(session, { key }, context.now());
  return getLicense(session, key);
}

async function insertLicense(session: Session, input: CreateLicense, now: Date): Promise<boolean> {
  const { key, name = key, valid_until } = input;
  const term = licenseTermOf(key);
  const end = valid_until === undefined ? licenseEndOf(term, now) : valid_until;
  const validUntil = typeof end === 'string' ? new Date(end) : end;
  const rows = await session.query(INSERT, [key, name, term, validUntil, now, newEpoch(), shardOf(key)]);
  return rows.length > 0;
}

/** A new identity for a history: 82 random bits. */
function newEpoch(): string {
  return Array.from({ length: EPOCH_LENGTH }, () => EPOCH_DIGITS[randomInt(EPOCH_DIGITS.length)]).join('');
}
