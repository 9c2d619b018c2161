import type { IncomingMessage } from 'node:http';
import { TillcastError } from '@tillcast/protocol/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { uuidv7 } from 'uuidv7';
import type { BackendMetrics } from '../metrics/metrics.ts';
import type { App } from './app-types.ts';

/** Headers of every answer. The API shows nothing in a browser, so its policy allows nothing at all. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const REQUEST_ID = /^[\w.:-]{8,64}$/;

/** The caller's `X-Request-Id` where it is a harmless one, else a new UUID. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : uuidv7();
}

/** Puts on an answer what every one of them has. */
export function setCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(SECURITY_HEADERS).header('x-request-id', request.id).header('cache-control', 'no-store');
}

/** What happens to every request, whatever its route: its headers, its measure and its line in the log. */
export function addRequestHooks(app: App, metrics: BackendMetrics): void {
  app.addHook('onRequest', async (request, reply) => {
    setCommonHeaders(request, reply);
    const coding = request.headers['content-encoding'];
    if (coding !== undefined && coding !== 'identity') {
      // A compressed body of 1 MiB can hold a gigabyte.
      throw new TillcastError('media_type_unsupported', 'A compressed body is not taken: send it as it is.');
    }
  });

  app.addHook('onRequestAbort', async (request) => {
    const route = request.routeOptions.url ?? 'none';
    request.log.info({ method: request.method, route }, 'A caller went away before its answer');
  });

  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const { statusCode } = reply;
    const durationMs = reply.elapsedTime;
    metrics.httpAnswered(request.method, route, statusCode, durationMs / 1000);
    const line = {
      method: request.method,
      route,
      status: statusCode,
      duration_ms: Math.round(durationMs * 10) / 10,
    };
    // Tills ask several times a minute: what went well is for those who look for it.
    if (statusCode >= 400 && statusCode < 500) request.log.info(line, 'A request was refused');
    else request.log.debug(line, 'A request was answered');
  });
}
