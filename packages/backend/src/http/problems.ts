import { asTillcastError, type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@tillcast/protocol/http/problem';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

/** Seconds after which a refused client may try again. */
const RETRY_AFTER_S = 2;

/** What Fastify's own refusals are called here. */
const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request_invalid',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request_invalid',
  FST_ERR_BAD_URL: 'request_invalid',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  FST_ERR_HANDLER_TIMEOUT: 'overloaded',
};

const MESSAGES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is larger than this path takes.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The body has a media type that this path does not take: see Content-Type.',
  FST_ERR_BAD_URL: 'The path is not valid: its percent-encoding is broken.',
  FST_ERR_HANDLER_TIMEOUT: 'The answer took too long: try again later.',
};

const fastifyErrorSchema = z.object({ code: z.string(), message: z.string() });

/** Any error that a request ran into, as one of the catalog; what is not known is `internal`. */
export function errorOfRequest(error: unknown): TillcastError {
  if (error instanceof TillcastError) return error;
  const parsed = fastifyErrorSchema.safeParse(error);
  const code = parsed.success ? FASTIFY_CODES[parsed.data.code] : undefined;
  if (!parsed.success || code === undefined) return asTillcastError(error);
  return new TillcastError(code, MESSAGES[parsed.data.code] ?? parsed.data.message, { cause: error });
}

/** Answers a request with a problem; an error of ours goes to the log, since the answer says nothing of it. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, cause: unknown): FastifyReply {
  const error = errorOfRequest(cause);
  if (error.status >= 500) request.log.error({ err: error, code: error.code }, 'A request failed');
  if (error.status === 503) reply.header('retry-after', String(RETRY_AFTER_S));
  const challenge = CHALLENGES[error.code];
  if (challenge !== undefined && error.status === 401 && !reply.hasHeader('www-authenticate')) {
    reply.header('www-authenticate', challenge);
  }
  return (
    reply
      .code(error.status)
      .removeHeader('etag')
      // Of the answer that is not given.
      .removeHeader('content-encoding')
      .removeHeader('content-length')
      .header('cache-control', 'no-store')
      .type(PROBLEM_MEDIA_TYPE)
      .send(Buffer.from(JSON.stringify(problemOf(error, request.id))))
  );
}

/** RFC 9110 wants every 401 to say which credentials are asked for. */
const CHALLENGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  credentials_missing: 'Bearer realm="tillcast", X-License-Key realm="tillcast"',
  license_unknown: 'X-License-Key realm="tillcast"',
  license_key_not_accepted: 'Bearer realm="tillcast"',
  token_invalid: 'Bearer error="invalid_token"',
  token_expired: 'Bearer error="invalid_token", error_description="expired"',
  assertion_invalid: 'Assertion realm="tillcast"',
  activation_refused: 'Activation realm="tillcast"',
  api_key_invalid: 'Bearer realm="tillcast", error="invalid_token"',
};
