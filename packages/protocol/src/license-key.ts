import { z } from 'zod';
import { TillcastError } from './errors.ts';

/**
 * The printed string that names one license: `[A-Z0-9]+(-[A-Z0-9]+)*`, 6 to 64 characters.
 *
 * It becomes one word of a routing key, so it may hold nothing that a topic exchange reads as
 * structure: with a dot, `A` would receive what is sent to `A.B`; `*` or `#` would bind everyone.
 * It is a routing identifier, not a secret.
 */
export type LicenseKey = string & { readonly __brand: 'LicenseKey' };

export const LICENSE_KEY_MIN_LENGTH = 6;
export const LICENSE_KEY_MAX_LENGTH = 64;

/** The grammar as an anchored source string, for SQL CHECKs, OpenAPI and topic permissions. */
export const LICENSE_KEY_PATTERN = '^[A-Z0-9]+(-[A-Z0-9]+)*$';

// Without `m` and `u`, `$` matches only at the very end: a trailing newline does not pass.
const pattern = new RegExp(LICENSE_KEY_PATTERN);

/** Whether a value is a license key; total, never throws. */
export function isLicenseKey(value: unknown): value is LicenseKey {
  return (
    typeof value === 'string' &&
    value.length >= LICENSE_KEY_MIN_LENGTH &&
    value.length <= LICENSE_KEY_MAX_LENGTH &&
    pattern.test(value)
  );
}

const RULE = `must be ${LICENSE_KEY_MIN_LENGTH} to ${LICENSE_KEY_MAX_LENGTH} characters of A-Z, 0-9 and single inner hyphens, for example EXTRO-LIFE-ABC123`;

/**
 * The value as a license key.
 * @throws TillcastError `license_key_malformed`, naming the rule; the value itself is quoted and cut short.
 */
export function parseLicenseKey(value: unknown): LicenseKey {
  if (isLicenseKey(value)) return value;
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : typeof value;
  throw new TillcastError('license_key_malformed', `License key ${shown} is not valid: it ${RULE}.`);
}

/** Schema of a license key for HTTP, AMQP and configuration. */
export const licenseKeySchema: z.ZodType<LicenseKey, string> = z
  .string()
  .min(LICENSE_KEY_MIN_LENGTH, RULE)
  .max(LICENSE_KEY_MAX_LENGTH, RULE)
  .regex(pattern, RULE)
  .transform((key) => key as LicenseKey)
  .meta({ description: 'License key', example: 'EXTRO-LIFE-ABC123' });

/** What a key says of its license's term: no end, one month, three months, or nothing. */
export type LicenseTerm = 'LIFE' | '1MTR' | '3MTR' | 'OTHER';

const TERM_MONTHS: Readonly<Record<LicenseTerm, number | null>> = {
  LIFE: null,
  '1MTR': 1,
  '3MTR': 3,
  OTHER: null,
};

/** The term that the key's second part names (`EXTRO-1MTR-…`), `OTHER` where it names none. */
export function licenseTermOf(key: LicenseKey): LicenseTerm {
  const part = key.split('-')[1];
  return part === 'LIFE' || part === '1MTR' || part === '3MTR' ? part : 'OTHER';
}

/** When a license of this term ends that begins at `from`; null for no end. Months are calendar months in UTC, capped at the month's last day. */
export function licenseEndOf(term: LicenseTerm, from: Date): Date | null {
  const months = TERM_MONTHS[term];
  if (months === null) return null;
  const end = new Date(from);
  const day = end.getUTCDate();
  end.setUTCDate(1);
  end.setUTCMonth(end.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
  end.setUTCDate(Math.min(day, lastDay));
  return end;
}
