import { z } from 'zod';
import { ERROR_CATALOG, type ErrorCode, type ErrorDetail, type TillcastError } from '../errors.ts';

/** RFC 9457 problem details, as every refused request is answered; `code` is of the error catalog. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly request_id?: string | undefined;
  readonly errors?: readonly ErrorDetail[] | undefined;
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export const problemSchema: z.ZodType<Problem, unknown> = z
  .object({
    type: z.string().meta({ description: 'A URN made of the code' }),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'A stable code of the error catalog' }),
    detail: z.string().meta({ description: 'What failed and what to do' }),
    request_id: z.string().optional(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

/** The problem that an error is answered with. `internal` errors say nothing of their insides. */
export function problemOf(error: TillcastError, requestId: string): Problem {
  const detail = error.code === 'internal' ? 'Look the request id up in the log.' : error.message;
  return {
    type: problemTypeOf(error.code),
    title: ERROR_CATALOG[error.code].title,
    status: error.status,
    code: error.code,
    detail,
    request_id: requestId,
    ...(error.details.length > 0 ? { errors: error.details } : {}),
  };
}

/** The URN that names a kind of problem. */
export function problemTypeOf(code: ErrorCode): string {
  return `urn:tillcast:problem:${code}`;
}
