import type { BrokerKeyOutcome } from '@tillcast/protocol/http/admin-api';
import type { Database } from '../database/database.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { App } from '../http/app-types.ts';
import type { RequestLimits } from '../http/limits/request-limits.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { BackendMetrics } from '../metrics/metrics.ts';
import type { WaitingChange } from '../relay/change-log.ts';
import { guardByApiKey } from './admin-guard.ts';
import type { ApiKeyCheck } from './api-keys.ts';
import { addAuditRoute } from './audit-route.ts';
import { addBackupRoute } from './backup-route.ts';
import { addChangeRoutes } from './change-routes.ts';
import { addFleetRoutes } from './fleet-routes.ts';
import { addFleetStatusRoutes } from './fleet-status-routes.ts';
import type { ImportBounds } from './import.ts';
import { addImportRoute } from './import-route.ts';
import { addKeyRoutes } from './key-routes.ts';
import { addLicenseRoutes } from './license-routes.ts';
import { addSalesDaysRoute } from './sales-route.ts';
import { addTerminalRoutes } from './terminal-routes.ts';

/** Adds what operators and integrators ask, behind the API key. */
export async function addAdminApi(
  app: App,
  on: {
    readonly database: Database;
    readonly metrics: BackendMetrics;
    readonly fleet: Fleet;
    readonly isApiKey: ApiKeyCheck;
    readonly keys: KeyRing;
    readonly now: () => Date;
    readonly wakeRevoker?: () => void;
    readonly onCommitted?: (change: WaitingChange) => void;
    readonly renewBrokerKeys: () => Promise<BrokerKeyOutcome>;
    readonly importBounds?: ImportBounds;
    readonly requestLimits: RequestLimits | null;
  },
): Promise<void> {
  await app.register(async (scope: App) => {
    guardByApiKey(scope, on.isApiKey);
    on.requestLimits?.guardAdmin(scope);
    addLicenseRoutes(scope, on);
    addChangeRoutes(scope, on);
    addFleetRoutes(scope, on);
    addFleetStatusRoutes(scope, on);
    addTerminalRoutes(scope, on);
    addSalesDaysRoute(scope, on);
    addAuditRoute(scope, on);
    addBackupRoute(scope, on);
    addKeyRoutes(scope, on);
    await scope.register(async (inner: App) => addImportRoute(inner, on, on.importBounds));
  });
}
