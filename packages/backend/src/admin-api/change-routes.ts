import {
  type CommitResult,
  commitRequestSchema,
  commitResultSchema,
} from '@tillcast/protocol/http/admin-api';
import { commit } from '../catalog/commit.ts';
import type { App } from '../http/app-types.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import { COMMIT_EXAMPLE } from '../http/examples.ts';
import type { BackendMetrics } from '../metrics/metrics.ts';
import {
  ADMIN,
  type AdminDependencies,
  LICENSE_PATH,
  licenseParams,
  ONE_LICENSE_REFUSALS,
} from './admin-dependencies.ts';

/** Adds `POST …/changes`: operations on one catalog, all or none. */
export function addChangeRoutes(app: App, on: AdminDependencies): void {
  app.post(
    `${LICENSE_PATH}/changes`,
    {
      schema: {
        ...ADMIN,
        operationId: 'commitChanges',
        summary: 'Do operations to a catalog, all or none, as one change',
        params: licenseParams,
        body: commitRequestSchema,
        bodyExample: { operations: [{ op: 'set_price', product_id: 'PROD-001', price: 3.8 }] },
        response: {
          200: answer('What was done', commitResultSchema, COMMIT_EXAMPLE),
          ...refusals(
            ...ONE_LICENSE_REFUSALS,
            ...BODY_REFUSALS,
            'item_invalid',
            'price_invalid',
            'currency_unknown',
            'item_not_found',
          ),
        },
      },
    },
    async (request): Promise<CommitResult> => {
      const { key } = request.params;
      const result = await commit(on.database, key, request.body.operations, {
        now: on.now,
        signer: on.keys,
        ...(on.onCommitted === undefined ? {} : { onCommitted: on.onCommitted }),
      });
      countCommit(on.metrics, result);
      request.log.info(
        { license: key, type: result.type, version: result.version, changed: result.changed },
        'A change was committed',
      );
      return result;
    },
  );
}

/** Counts a commit that changed something. */
export function countCommit(metrics: BackendMetrics, result: CommitResult): void {
  if (result.type !== null) metrics.committed(result.type, result.changed);
}
