import { TillcastError } from '@tillcast/protocol/errors';
import {
  SALES_PATH,
  SALES_UPLOAD_MAX_BYTES,
  type SalesAnswer,
  salesAnswerSchema,
  salesUploadSchema,
} from '@tillcast/protocol/http/sales-api';
import { TERMINAL_ID_HEADER } from '@tillcast/protocol/http/sync-api';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import type { App } from '../http/app-types.ts';
import { TERMINAL_SECURITY } from '../http/documentation.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import { SALES_ANSWER_EXAMPLE, SALES_UPLOAD_EXAMPLE } from '../http/sales-examples.ts';
import type { BackendMetrics } from '../metrics/metrics.ts';
import type { Admissions } from '../sync-api/admissions.ts';
import { LICENSE_REFUSALS } from '../sync-api/sync-routes.ts';
import { takeSales } from './take-sales.ts';

/** Adds `POST /api/v1/terminals/self/sales`: where a till hands in what it sold. */
export function addSalesRoute(
  app: App,
  on: {
    readonly database: Database;
    readonly admissions: Admissions;
    readonly metrics: BackendMetrics;
    readonly now: () => Date;
  },
): void {
  app.post(
    SALES_PATH,
    {
      bodyLimit: SALES_UPLOAD_MAX_BYTES,
      schema: {
        tags: ['sales'],
        security: TERMINAL_SECURITY,
        operationId: 'handInSales',
        summary: 'Sales of a terminal, each stored once; a bad one holds up no other',
        description:
          'The answer has a result for each sale, in their order. Handed in again, with the same `Idempotency-Key` or another, a sale is accepted again and stored once. What is rejected is kept with its reason. Within the grace after a license has ended, a token with the scope `sales:upload` still opens this.',
        headers: z.object({
          [TERMINAL_ID_HEADER]: z.uuid(ID_RULE).optional(),
          'idempotency-key': z.string().min(1).max(200),
        }),
        querystring: z.strictObject({}),
        body: salesUploadSchema,
        bodyExample: SALES_UPLOAD_EXAMPLE,
        response: {
          200: answer('What became of each', salesAnswerSchema, SALES_ANSWER_EXAMPLE),
          ...refusals(...LICENSE_REFUSALS, ...BODY_REFUSALS),
        },
      },
    },
    async (request) => {
      const { id: licenseId, epoch } = on.admissions.of(request);
      const terminalId = on.admissions.terminalOf(request) ?? request.headers[TERMINAL_ID_HEADER];
      if (terminalId === undefined) throw terminalNotNamed();
      const bringer = { licenseId, terminalId, at: on.now() };
      const { results, doubled } = await takeSales(on.database, bringer, request.body.sales);
      const accepted = results.filter(({ outcome }) => outcome === 'accepted').length;
      on.metrics.salesTaken({ accepted: accepted - doubled, doubled, rejected: results.length - accepted });
      // It was read before: a database that has taken this one's place since has another.
      return { epoch, results } satisfies SalesAnswer;
    },
  );
}

const ID_RULE = "must be a UUID, the terminal's own";

function terminalNotNamed(): TillcastError {
  const details = [{ pointer: `/header/${TERMINAL_ID_HEADER}`, detail: ID_RULE }];
  return new TillcastError('request_invalid', `The header X-Terminal-Id ${ID_RULE}.`, { details });
}
