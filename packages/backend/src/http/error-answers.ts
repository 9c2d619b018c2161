import { ERROR_CATALOG, type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { PROBLEM_MEDIA_TYPE, problemOf, problemSchema } from '@tillcast/protocol/http/problem';
import type { z } from 'zod';

declare module 'fastify' {
  interface FastifySchema {
    /** A body that the API's description shows. */
    bodyExample?: unknown;
  }
}

/** A header of an answer, in the API's description. */
export interface DescribedHeader {
  readonly type: 'string' | 'integer';
  readonly description: string;
}

/** An answer in the API's description: what it says, in which media type, for example. */
export interface DescribedAnswer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, DescribedHeader>>;
  readonly content: Readonly<Record<string, { readonly schema: z.ZodType; readonly example?: unknown }>>;
}

/** An answer of JSON. */
export function answer<T>(
  description: string,
  schema: z.ZodType<T>,
  example: NoInfer<T>,
  headers?: DescribedAnswer['headers'],
): DescribedAnswer {
  return {
    description,
    content: { 'application/json': { schema, example } },
    ...(headers === undefined ? {} : { headers }),
  };
}

/** What any route may refuse with. */
const EVERYWHERE: readonly ErrorCode[] = [
  'request_invalid',
  'rate_limited',
  'database_unavailable',
  'overloaded',
  'internal',
];

/** The refusals of a route, described from the error catalog: one answer a status, with its codes. */
export function refusals(...codes: readonly ErrorCode[]): Record<number, DescribedAnswer> {
  const answers: Record<number, DescribedAnswer> = {};
  const byStatus = Map.groupBy(new Set([...codes, ...EVERYWHERE]), (code) => ERROR_CATALOG[code].status);
  for (const [status, group] of byStatus) {
    const [first] = group;
    if (first === undefined) continue;
    const example = problemOf(new TillcastError(first, 'What failed, and what to do.'), REQUEST_ID);
    answers[status] = {
      description: group.map((code) => `\`${code}\`: ${ERROR_CATALOG[code].title}`).join('; '),
      content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema, example } },
      headers: headersOf(status),
    };
  }
  return answers;
}

const REQUEST_ID = '01a2093d-06aa-7957-ae9b-4241ac88da4c';

function headersOf(status: number): NonNullable<DescribedAnswer['headers']> {
  const headers: Record<string, DescribedHeader> = {
    'x-request-id': { type: 'string', description: 'Names this request in the log' },
  };
  if (status === 401) {
    headers['www-authenticate'] = { type: 'string', description: 'Which credentials are asked for' };
  }
  if (status === 429) {
    headers['ratelimit-policy'] = { type: 'string', description: 'The limits of such a request' };
    headers['ratelimit'] = { type: 'string', description: 'What is left of them' };
  }
  if (status === 503 || status === 429) {
    headers['retry-after'] = { type: 'integer', description: 'Seconds to wait before the next try' };
  }
  return headers;
}

/** What a route with a body refuses with, besides. */
export const BODY_REFUSALS: readonly ErrorCode[] = ['request_too_large', 'media_type_unsupported'];
