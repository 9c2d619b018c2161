import type { FlagSpec } from '../command.ts';
import { quoted, usageError } from './parse.ts';

/** When a license ends. */
export const VALID_UNTIL_FLAG: FlagSpec = {
  flags: '--valid-until <date>',
  description: 'Its last day or moment (ISO 8601), or `never`',
};

/** A license's end from a flag, as ISO 8601; null for `never`. */
export function parseValidUntil(text: string): string | null {
  if (text === 'never') return null;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isMoment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  // A day ends at its last millisecond, in UTC.
  const date = new Date(isDay ? `${text}T23:59:59.999Z` : text);
  const rolledOver = isDay && !Number.isNaN(date.getTime()) && !date.toISOString().startsWith(text);
  if ((!isDay && !isMoment) || Number.isNaN(date.getTime()) || rolledOver) {
    throw usageError(
      `--valid-until must be a day such as 2027-01-31, a moment such as 2027-01-31T18:00:00Z, or never, and is ${quoted(text)}.`,
    );
  }
  return date.toISOString();
}
