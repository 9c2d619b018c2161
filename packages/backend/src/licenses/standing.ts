import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseStanding } from '@tillcast/protocol/http/sync-api';
import type { LicenseState } from './license.ts';

/**
 * What a license may do at a moment. What is for good is said first, then what an operator can lift, then
 * what time has brought.
 */
export function standingOf(
  license: Pick<LicenseState, 'key' | 'status' | 'validUntil'>,
  now: Date,
): LicenseStanding {
  const { key, status, validUntil } = license;
  if (status === 'revoked') {
    const detail = `License ${key} is revoked, for good. Ask whoever sells your licenses for another one.`;
    return { valid: false, code: 'license_revoked', detail };
  }
  if (status === 'suspended') {
    const detail = `License ${key} is suspended. Ask whoever sells your licenses to resume it.`;
    return { valid: false, code: 'license_suspended', detail };
  }
  if (validUntil === null)
    return { valid: true, code: 'license_active', detail: `License ${key} is active.` };
  const end = validUntil.toISOString();
  if (now >= validUntil) {
    const detail = `License ${key} expired at ${end}. Ask whoever sells your licenses to renew it.`;
    return { valid: false, code: 'license_expired', detail };
  }
  return { valid: true, code: 'license_active', detail: `License ${key} is active until ${end}.` };
}

/** The refusal of a license that is not valid; null for one that is. */
export function refusalOf(standing: LicenseStanding): TillcastError | null {
  return standing.code === 'license_active' ? null : new TillcastError(standing.code, standing.detail);
}

/** The same in SQL, by the database's clock: whether the tills of a license `l` are served. */
export const IS_SERVED_SQL = "(l.status = 'active' AND (l.valid_until IS NULL OR l.valid_until > now()))";
