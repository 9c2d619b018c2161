import type { FastifyReply, FastifyRequest } from 'fastify';
import { chooseEncoding } from '../http/accept-encoding.ts';
import { matchesEtag } from '../http/etag.ts';
import type { FinishedAnswer } from './answer-cache.ts';

/** One path holds every license's answers, in several codings. */
const VARY = 'Accept-Encoding, Authorization, X-License-Key';

/** Headers of every sync answer, 304 included: it may be kept by the till alone, and is asked about each time. */
export function syncHeaders(reply: FastifyReply): FastifyReply {
  return reply.header('vary', VARY).header('cache-control', 'private, no-cache');
}

/**
 * The entity tag of a part of a catalog. Weak (RFC 9110, 8.8.1), as `synced_at` and the coding differ between
 * answers that say the same: so a till may send it back whichever coding or backend it asks.
 */
export function etagOf(at: { readonly epoch: string; readonly version: number }, part: string): string {
  return `W/"${at.epoch}.${at.version}.${part}"`;
}

/** The coding that this request is answered with. */
export function encodingOf(request: FastifyRequest): ReturnType<typeof chooseEncoding> {
  const header = request.headers['accept-encoding'];
  return chooseEncoding(typeof header === 'string' ? header : undefined);
}

/** Whether the client holds this already. */
export function isUnmodified(request: FastifyRequest, etag: string): boolean {
  return matchesEtag(request.headers['if-none-match'], etag);
}

export function sendUnmodified(reply: FastifyReply, etag: string): FastifyReply {
  return syncHeaders(reply).header('etag', etag).code(304).send();
}

export function sendAnswer(reply: FastifyReply, answer: FinishedAnswer): FastifyReply {
  syncHeaders(reply).type('application/json; charset=utf-8');
  if (answer.etag !== null) reply.header('etag', answer.etag);
  if (answer.encoding !== 'identity') reply.header('content-encoding', answer.encoding);
  return reply.send(answer.body);
}
