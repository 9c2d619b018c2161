import type { RequestListener, Server } from 'node:http';
import { TillcastError } from '@tillcast/protocol/errors';
import type { BrokerKeyOutcome } from '@tillcast/protocol/http/admin-api';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { addAdminApi } from '../admin-api/admin-api.ts';
import type { ApiKeyCheck } from '../admin-api/api-keys.ts';
import type { ImportBounds } from '../admin-api/import.ts';
import type { Database } from '../database/database.ts';
import { Fleet } from '../fleet/fleet.ts';
import type { IdentityOptions } from '../identity/identity-options.ts';
import { addIdentityRoutes } from '../identity/identity-routes.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { addPublishedKeyRoutes } from '../keys/published-key-routes.ts';
import type { BackendMetrics } from '../metrics/metrics.ts';
import type { WaitingChange } from '../relay/change-log.ts';
import { AccessTokens } from '../sync-api/access-tokens.ts';
import { addSyncApi } from '../sync-api/sync-api.ts';
import type { App } from './app-types.ts';
import { answerClientError } from './client-errors.ts';
import { addDocumentation } from './documentation.ts';
import { addHealthRoutes } from './health-routes.ts';
import { parseJson } from './json-body.ts';
import { boundConnections } from './limits/connection-bounds.ts';
import type { LimitOptions } from './limits/limit-options.ts';
import { guardAgainstPressure } from './limits/pressure.ts';
import { RequestLimits } from './limits/request-limits.ts';
import { trustOf } from './limits/trusted-proxies.ts';
import { UnsentAnswers, type UnsentBounds } from './limits/unsent-answers.ts';
import { refuseOtherMethods, watchMethods } from './methods.ts';
import { sendProblem } from './problems.ts';
import { RefusedRequests } from './refused-requests.ts';
import { addRequestHooks, requestIdOf, setCommonHeaders } from './request-hooks.ts';
import type { TlsEndpoint } from './tls/tls-endpoint.ts';
import { validateByZod } from './validation.ts';

/** What the HTTP server stands on. */
export interface AppDependencies {
  readonly database: Database;
  readonly metrics: BackendMetrics;
  readonly logger: Logger;
  readonly isApiKey: ApiKeyCheck;
  readonly keys: KeyRing;
  readonly identity: IdentityOptions;
  /** Null when messages can be published, else why not. */
  readonly brokerTrouble: () => TillcastError | null;
  readonly answerCacheBytes: number;
  readonly now: () => Date;
  /** Called when something was committed that the broker is to be told; left out: there is nobody to tell it. */
  readonly wakeRevoker?: () => void;
  /** Told of changes that were committed just now; see CommitContext. */
  readonly onCommitted?: (change: WaitingChange) => void;
  /** Tells the broker that a key of tokens was revoked; see BrokerKeys. */
  readonly renewBrokerKeys: () => Promise<BrokerKeyOutcome>;
  /** Makes the server speak HTTPS; left out: HTTP. */
  readonly tls?: TlsEndpoint;
  /** What an import may be; left out: as in production. */
  readonly importBounds?: ImportBounds;
  /** Who may ask how much; left out: as in production, with no proxy in front. */
  readonly limits?: LimitOptions;
  /** How late timers may be before requests are turned away; left out: as in production. */
  readonly maxEventLoopDelayMs?: number;
  /** What answers may take that nobody reads; left out: as in production. */
  readonly unsentBounds?: UnsentBounds;
}

const BODY_LIMIT_BYTES = 1024 * 1024;

/** How long a whole request may take to arrive: an import over a slow line is the longest. */
const REQUEST_TIMEOUT_MS = 300_000;
const HEADERS_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** How often those two are looked at: by itself Node does it every 30 s. */
const CONNECTIONS_CHECKING_INTERVAL_MS = 5_000;

/** What Fastify sets on a server that it makes itself. */
function overTls(endpoint: TlsEndpoint): (handler: RequestListener) => Server {
  return (handler) =>
    endpoint.createServer(handler, {
      connectionsCheckingInterval: CONNECTIONS_CHECKING_INTERVAL_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    });
}

/** The backend's HTTP server, ready to listen or to be asked by `inject`. */
export async function createApp(on: AppDependencies): Promise<App> {
  const loggerInstance: FastifyBaseLogger = on.logger;
  const limitOptions: LimitOptions = on.limits ?? { rates: 'default', trustedProxies: [] };
  const isTrusted = trustOf(limitOptions.trustedProxies);
  const app = Fastify({
    loggerInstance,
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: limitOptions.trustedProxies.length === 0 ? false : isTrusted,
    http: { connectionsCheckingInterval: CONNECTIONS_CHECKING_INTERVAL_MS },
    ...(on.tls === undefined ? {} : { serverFactory: overTls(on.tls) }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    // While closing, a request that arrived on a living connection is still answered properly.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestIdOf,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      setCommonHeaders(request, reply);
      sendProblem(request, reply, error);
    },
    // A license key that is too long is told that it is malformed, not that the path is unknown.
    routerOptions: { maxParamLength: 4096 },
  }).withTypeProvider<ZodTypeProvider>();
  app.server.headersTimeout = HEADERS_TIMEOUT_MS;

  app.setValidatorCompiler(validateByZod);
  // Answers are typed and made by us: they are checked against their schemas by the tests.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      request,
      reply,
      new TillcastError('not_found', 'There is nothing at this path: /docs shows what there is.'),
    ),
  );
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => (body.length === 0 ? undefined : parseJson(body, 'The body')),
  );

  addRequestHooks(app, on.metrics);
  const limits =
    limitOptions.rates === 'off' ? null : new RequestLimits({ ...limitOptions, metrics: on.metrics });
  new RefusedRequests(on).watch(app, (request) => limits?.refusedBy(request) ?? null);
  boundConnections(app, limits === null ? () => true : isTrusted);
  limits?.guardAddresses(app);
  await guardAgainstPressure(app, on);
  const unsent = new UnsentAnswers({
    metrics: on.metrics,
    ...(on.unsentBounds === undefined ? {} : { bounds: on.unsentBounds }),
  });
  unsent.guard(app);
  const fleet = new Fleet(on);
  app.addHook('onReady', () => fleet.start());
  app.addHook('onClose', () => fleet.stop());
  const methods = watchMethods(app);
  await addDocumentation(app);
  addHealthRoutes(app, on);
  addPublishedKeyRoutes(app, on.keys);
  const { keys, identity, now } = on;
  const tokens = new AccessTokens({ keys, issuer: identity.issuer, now });
  await addIdentityRoutes(app, { ...on, onSigned: (token, claims) => tokens.signed(token, claims) });
  await addSyncApi(app, { ...on, tokens, fleet, requestLimits: limits, unsent });
  await addAdminApi(app, { ...on, fleet, requestLimits: limits });
  refuseOtherMethods(app, methods);
  return app;
}
