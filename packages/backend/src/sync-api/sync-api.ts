import type { Database } from '../database/database.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { App } from '../http/app-types.ts';
import type { LimitedBy, RequestLimits } from '../http/limits/request-limits.ts';
import type { UnsentAnswers } from '../http/limits/unsent-answers.ts';
import type { IdentityOptions } from '../identity/identity-options.ts';
import { findLicense } from '../licenses/find-license.ts';
import type { BackendMetrics } from '../metrics/metrics.ts';
import { addSalesRoute } from '../sales/sales-route.ts';
import type { AccessTokens } from './access-tokens.ts';
import { Admissions } from './admissions.ts';
import { AnswerCache } from './answer-cache.ts';
import { LicenseGate } from './license-gate.ts';
import { addRepairRoutes } from './repair-routes.ts';
import { SharedDeltas } from './shared-deltas.ts';
import { addStatusRoute } from './status-route.ts';
import { addSyncRoutes } from './sync-routes.ts';

/** A report has a few kilobytes. What thousands of slow ones may hold is this times their number. */
const BODY_LIMIT_BYTES = 64 * 1024;

/** Adds what tills ask, behind the license gate. */
export async function addSyncApi(
  app: App,
  on: {
    readonly database: Database;
    readonly metrics: BackendMetrics;
    readonly fleet: Fleet;
    readonly tokens: Pick<AccessTokens, 'verify'>;
    readonly identity: IdentityOptions;
    readonly answerCacheBytes: number;
    readonly now: () => Date;
    readonly requestLimits: RequestLimits | null;
    readonly unsent: UnsentAnswers;
  },
): Promise<void> {
  const { database, metrics, tokens, now } = on;
  const { auth } = on.identity;
  const gate = new LicenseGate({ find: (key) => findLicense(database, key), tokens, auth, now });
  const cache = new AnswerCache({ maxBytes: on.answerCacheBytes });
  const deltas = new SharedDeltas(database);
  const admissions = new Admissions();
  const limitedBy: LimitedBy = (request) => ({
    license: admissions.of(request),
    terminalId: admissions.terminalOf(request),
  });
  await app.register(async (scope: App) => {
    scope.addHook('onRoute', (route) => {
      route.bodyLimit ??= BODY_LIMIT_BYTES;
    });
    admissions.guard(scope, gate);
    scope.addHook('onRequest', async (request) => on.unsent.countFor(request, admissions.of(request).id));
    on.requestLimits?.guardTerminals(scope, limitedBy);
    const sync = { database, admissions, cache, deltas, metrics, now };
    addSyncRoutes(scope, sync);
    addRepairRoutes(scope, sync);
    addStatusRoute(scope, { ...sync, fleet: on.fleet });
  });
  await app.register(async (scope: App) => {
    admissions.guard(scope, gate, 'sales');
    on.requestLimits?.guardTerminals(scope, limitedBy);
    addSalesRoute(scope, { database, admissions, metrics, now });
  });
}
