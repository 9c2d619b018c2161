import { TillcastError } from '@tillcast/protocol/errors';
import { salesDaysQuerySchema, salesDaysSchema } from '@tillcast/protocol/http/sales-api';
import { toDecimal } from '@tillcast/protocol/money';
import type { App } from '../http/app-types.ts';
import { answer, refusals } from '../http/error-answers.ts';
import { SALES_DAYS_EXAMPLE } from '../http/sales-examples.ts';
import { getLicense } from '../licenses/find-license.ts';
import { selectSalesDays } from '../sales/sales-statements.ts';
import {
  ADMIN,
  type AdminDependencies,
  LICENSE_PATH,
  licenseParams,
  ONE_LICENSE_REFUSALS,
} from './admin-dependencies.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const DAYS_USUAL = 31;
const DAYS_MAX = 400;

/** Adds the sums of what a license's tills sold. */
export function addSalesDaysRoute(app: App, on: AdminDependencies): void {
  app.get(
    `${LICENSE_PATH}/sales/days`,
    {
      schema: {
        ...ADMIN,
        operationId: 'getSalesDays',
        summary: 'What a license’s tills sold, by day (UTC) and currency',
        description: `Days without a sale are left out. At most ${DAYS_MAX} days at a time.`,
        params: licenseParams,
        querystring: salesDaysQuerySchema,
        response: {
          200: answer('The sums', salesDaysSchema, SALES_DAYS_EXAMPLE),
          ...refusals(...ONE_LICENSE_REFUSALS),
        },
      },
    },
    async ({ params, query }) => {
      const until = query.to === undefined ? on.now().getTime() : Date.parse(query.to);
      const end = Math.floor(until / DAY_MS) * DAY_MS + DAY_MS;
      const from = query.from === undefined ? end - DAYS_USUAL * DAY_MS : Date.parse(query.from);
      if (from >= end || end - from > DAYS_MAX * DAY_MS) {
        throw new TillcastError('request_invalid', `Ask for 1 to ${DAYS_MAX} days, the first one first.`);
      }
      const { id } = await getLicense(on.database, params.key);
      const rows = await on.database
        .ofLicense(id)
        .transaction((session) => selectSalesDays(session, id, new Date(from), new Date(end)), {
          readOnly: true,
        });
      return {
        days: rows.map(({ day, currency, sales, refunds, soldMinor, refundedMinor, taxMinor }) => ({
          day,
          currency,
          sales,
          refunds,
          sold: toDecimal(soldMinor, currency),
          refunded: toDecimal(refundedMinor, currency),
          tax: toDecimal(taxMinor, currency),
        })),
      };
    },
  );
}
