import { TillcastError } from '@tillcast/protocol/errors';
import { type CreateLicense, DEFAULT_TERMINALS_MAX } from '@tillcast/protocol/http/admin-api';
import { type LicenseKey, licenseEndOf, licenseTermOf } from '@tillcast/protocol/license-key';
import { appendAudit } from '../audit/append-audit.ts';
import { newEpoch } from '../catalog/new-epoch.ts';
import type { Database, Session } from '../database/database.ts';
import { integerColumn, statement } from '../database/statement.ts';
import { hashOfCode, newActivationCode } from '../identity/activation-codes.ts';
import { shardOf } from '../relay/shard.ts';
import { getLicense } from './find-license.ts';
import type { LicenseState } from './license.ts';

const INSERT = statement<{ id: number }>(
  'insert_license',
  `WITH license AS (
    INSERT INTO licenses (key, name, term, valid_until, created_at, terminals_max, activation_code_hash)
    VALUES ($1, $2, $3, $4, $5, $8, $9)
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

/** A license that was just created, and the code that is shown this once. */
export interface NewLicense {
  readonly license: LicenseState;
  readonly activationCode: string;
}

/**
 * Creates a license with an empty catalog at version 0 of a new history. Where no end is given, it is as the
 * key's term says, from now. Of the activation code only a slow hash is kept.
 * @throws TillcastError `license_exists`
 */
export async function createLicense(
  database: Database,
  input: CreateLicense,
  context: { readonly now: () => Date },
): Promise<NewLicense> {
  const activationCode = newActivationCode();
  const codeHash = await hashOfCode(input.key, activationCode);
  const license = await database.transaction(async (session) => {
    if (!(await insertLicense(session, input, { codeHash, actor: 'operator', at: context.now() }))) {
      throw new TillcastError('license_exists', `License ${input.key} exists already; choose another key.`);
    }
    return getLicense(session, input.key);
  });
  return { license, activationCode };
}

/**
 * The license of this key, created now where there is none: then without an activation code, which the
 * operator makes when one is wanted.
 */
export async function ensureLicense(
  database: Database,
  key: LicenseKey,
  context: { readonly now: () => Date },
): Promise<LicenseState> {
  return database.transaction(async (session) => {
    await insertLicense(session, { key }, { codeHash: null, actor: 'system', at: context.now() });
    return getLicense(session, key);
  });
}

async function insertLicense(
  session: Session,
  input: CreateLicense,
  by: { readonly codeHash: string | null; readonly actor: 'operator' | 'system'; readonly at: Date },
): Promise<boolean> {
  const { key, name = key, valid_until, terminals_max = DEFAULT_TERMINALS_MAX } = input;
  const { codeHash, actor, at } = by;
  const term = licenseTermOf(key);
  const end = valid_until === undefined ? licenseEndOf(term, at) : valid_until;
  const validUntil = typeof end === 'string' ? new Date(end) : end;
  const values = [key, name, term, validUntil, at, newEpoch(), shardOf(key), terminals_max, codeHash];
  const rows = await session.query(INSERT, values);
  if (rows.length === 0) return false;
  const detail = { name, valid_until: validUntil?.toISOString() ?? null, terminals_max };
  await appendAudit(session, { actor, act: 'license.created', subject: key, detail }, at);
  return true;
}
