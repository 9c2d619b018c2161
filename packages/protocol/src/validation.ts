import type { z } from 'zod';
import type { ErrorDetail } from './errors.ts';

const MAX_DETAILS = 20;

/** What a schema found wrong, as RFC 6901 pointers; at most 20, since a wrong array may be wrong everywhere. */
export function detailsOf(error: z.ZodError): readonly ErrorDetail[] {
  return error.issues.slice(0, MAX_DETAILS).map((issue) => ({
    pointer: pointerOf(issue.path),
    detail: issue.message,
  }));
}

/** A path as RFC 6901 has it: `/options/0/name`, with `~` and `/` in names escaped. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
