import type { ErrorCode } from '@tillcast/protocol/errors';

/** The server knows who asks and will not serve them, until a person has done something about it. */
const REFUSALS: readonly (ErrorCode | null | undefined)[] = [
  'license_unknown',
  'license_suspended',
  'license_expired',
  'license_revoked',
  'license_key_malformed',
  'license_key_not_accepted',
  'terminal_unknown',
  'terminal_revoked',
  'terminal_not_activated',
  'assertion_invalid',
];

export function isRefusal(code: ErrorCode | null | undefined): code is ErrorCode {
  return REFUSALS.includes(code);
}
