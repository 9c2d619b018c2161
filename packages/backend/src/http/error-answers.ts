import { ERROR_CATALOG, type ErrorCode } from '@tillcast/protocol/errors';
import { PROBLEM_MEDIA_TYPE, problemSchema } from '@tillcast/protocol/http/problem';
import type { z } from 'zod';

/** An answer in the API's description: what it says, in which media type. */
export interface DescribedAnswer {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: z.ZodType }>>;
}

/** An answer of JSON. */
export function answer(description: string, schema: z.ZodType): DescribedAnswer {
  return { description, content: { 'application/json': { schema } } };
}

/** What any route may refuse with. */
const EVERYWHERE: readonly ErrorCode[] = [
  'request_invalid',
  'database_unavailable',
  'overloaded',
  'internal',
];

/** The refusals of a route, described from the error catalog: one answer a status, with its codes. */
export function refusals(...codes: readonly ErrorCode[]): Record<number, DescribedAnswer> {
  const answers: Record<number, DescribedAnswer> = {};
  const byStatus = Map.groupBy(new Set([...codes, ...EVERYWHERE]), (code) => ERROR_CATALOG[code].status);
  for (const [status, group] of byStatus) {
    answers[status] = {
      description: group.map((code) => `\`${code}\`: ${ERROR_CATALOG[code].title}`).join('; '),
      content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
    };
  }
  return answers;
}

/** What a route with a body refuses with, besides. */
export const BODY_REFUSALS: readonly ErrorCode[] = ['request_too_large', 'media_type_unsupported'];
