import type { Logger } from '@tillcast/broker';
import { asTillcastError, TillcastError } from '@tillcast/protocol/errors';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@tillcast/protocol/http/problem';
import { CSRF_HEADER } from '@tillcast/protocol/http/till-api';
import { type FastifyInstance, fastify } from 'fastify';
import { checkCsrf, sessionIdIn } from '../counter/page-session.ts';
import { checkOrigin, SECURITY_HEADERS } from './guard.ts';
import { isPageBuilt, PAGE_MISSING, servePage } from './till-page.ts';

export interface GuardedAppOptions {
  /** A loopback address. */
  readonly host: string;
  readonly port: number;
  /** Where the built page is; see `builtPageFolder`. */
  readonly pageFolder: string | null;
  readonly logger: Logger;
}

/** A till's own web server, for the page on this machine alone. */
export interface LocalServer {
  /** Where the page is, without a slash at its end. */
  readonly url: string;
  /** Ends the event streams, waits for what is being answered, and gives up the port. */
  stop(): Promise<void>;
}

/** An edit, a payment, or what the page keeps of its screen. */
const BODY_MAX_BYTES = 16 * 1_024;

/** What changes nothing, and needs no session's token. */
const READING: readonly string[] = ['GET', 'HEAD'];

/**
 * A server that answers the till's page and nobody else: what a request says of where it comes from is judged before anything
 * else is done, and whatever is to change something must show the session's token. It serves the page.
 */
export async function createGuardedApp(options: GuardedAppOptions): Promise<FastifyInstance> {
  const { port, pageFolder, logger } = options;
  const app = fastify({ bodyLimit: BODY_MAX_BYTES, forceCloseConnections: 'idle', exposeHeadRoutes: false });

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const { host: asked, origin, cookie } = request.headers;
    const site = request.headers['sec-fetch-site'];
    // A link or a bookmark may lead to the page; it may do nothing else.
    const isNavigation = request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate';
    const isPage = !/^\/(api\/|metrics)/.test(request.url);
    const fetchSite = typeof site === 'string' && !(isNavigation && isPage) ? site : undefined;
    checkOrigin({ host: asked, origin, fetchSite }, port);
    if (!READING.includes(request.method)) checkCsrf(sessionIdIn(cookie, port), request.headers[CSRF_HEADER]);
  });
  app.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });
  answerErrorsAsProblems(app, logger);
  if (!isPageBuilt(pageFolder)) logger.warn({ pageFolder }, PAGE_MISSING);
  await servePage(app, pageFolder);
  return app;
}

/** Starts to serve. @throws TillcastError `port_in_use` */
export async function serve(
  app: FastifyInstance,
  { host, port }: Pick<GuardedAppOptions, 'host' | 'port'>,
): Promise<LocalServer> {
  await listen(app, host, port);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    stop: () => app.close(),
  };
}

function answerErrorsAsProblems(app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler((request) => {
    throw new TillcastError(
      'not_found',
      `There is nothing at ${request.method} ${request.url.slice(0, 200)}.`,
    );
  });
  app.setErrorHandler((error, request, reply) => {
    const known = asTillcastError(clientErrorOf(error) ?? error);
    if (known.status >= 500)
      logger.error({ err: error, requestId: request.id, url: request.url }, known.message);
    return reply
      .status(known.status)
      .type(PROBLEM_MEDIA_TYPE)
      .send(JSON.stringify(problemOf(known, request.id)));
  });
}

/** What Fastify itself refuses, as ours; null for all else. */
function clientErrorOf(error: unknown): TillcastError | null {
  if (!(error instanceof Error) || !('statusCode' in error)) return null;
  if (error instanceof TillcastError) return error;
  const status = error.statusCode;
  if (status === 413) return new TillcastError('request_too_large', error.message, { cause: error });
  if (status === 415) return new TillcastError('media_type_unsupported', error.message, { cause: error });
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new TillcastError('request_invalid', error.message, { cause: error });
  }
  return null;
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'EADDRINUSE') throw cause;
    throw new TillcastError(
      'port_in_use',
      `Port ${port} on ${host} is in use by another program; stop that one, or set PORT to another port.`,
      { cause },
    );
  }
}
