import type { z } from 'zod';
import type { ErrorDetail } from './errors.ts';

const MAX_DETAILS = 20;
/** Some messages name every key that nobody knows: there may be a megabyte of them. */
const MAX_DETAIL_LENGTH = 300;

/** What a schema found wrong, as RFC 6901 pointers; at most 20, since a wrong array may be wrong everywhere. */
export function detailsOf(error: z.ZodError): readonly ErrorDetail[] {
  return error.issues.slice(0, MAX_DETAILS).map((issue) => ({
    pointer: pointerOf(issue.path),
    detail: shortened(issue.message),
  }));
}

/** A path as RFC 6901 has it: `/options/0/name`, with `~` and `/` in names escaped. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function shortened(message: string): string {
  return message.length > MAX_DETAIL_LENGTH ? `${message.slice(0, MAX_DETAIL_LENGTH)}…` : message;
}
