import { z } from 'zod';
import { epochSchema } from '../cursor.ts';
import { type ErrorCode, isErrorCode } from '../errors.ts';

/** So many sales come in one request at most. */
export const SALES_BATCH_MAX = 100;

/** So long a request is at most. */
export const SALES_UPLOAD_MAX_BYTES: number = 512 * 1_024;

/** `POST`: where a till sends its sales. */
export const SALES_PATH = '/api/v1/terminals/self/sales';

/**
 * `POST /api/v1/terminals/self/sales`, with an `Idempotency-Key`. Each sale is judged by itself, so that a bad one holds up no
 * other: what is in the list is any JSON object at first.
 */
export interface SalesUpload {
  readonly sales: readonly Readonly<Record<string, unknown>>[];
}

export const salesUploadSchema: z.ZodType<SalesUpload, unknown> = z
  .strictObject({ sales: z.array(z.record(z.string(), z.unknown())).min(1).max(SALES_BATCH_MAX) })
  .meta({ id: 'SalesUpload' });

/** What became of one sale. Both are final: `accepted` is stored, now or before; `rejected` is kept with its reason. */
export type SaleResult =
  | { readonly id: string | null; readonly outcome: 'accepted' }
  | {
      readonly id: string | null;
      readonly outcome: 'rejected';
      readonly code: ErrorCode;
      readonly detail: string;
    };

/** The answer: a result for each sale, in the order of the request. */
export interface SalesAnswer {
  /**
   * The license's history that these sales are kept with. A server that names another one than before was restored from a
   * backup, and may lack what it has accepted since: a till hands in again what it still has.
   */
  readonly epoch: string;
  readonly results: readonly SaleResult[];
}

const idSchema = z.string().max(200).nullable();

export const salesAnswerSchema: z.ZodType<SalesAnswer, unknown> = z
  .object({
    epoch: epochSchema,
    results: z.array(
      z.discriminatedUnion('outcome', [
        z.object({ id: idSchema, outcome: z.literal('accepted') }),
        z.object({
          id: idSchema,
          outcome: z.literal('rejected'),
          // A newer server may know codes that this till does not.
          code: z.string().transform((code): ErrorCode => (isErrorCode(code) ? code : 'sale_invalid')),
          detail: z.string().max(2_000),
        }),
      ]),
    ),
  })
  .meta({ id: 'SalesAnswer' });

/** `GET …/licenses/KEY/sales/days`: from a day to a day, both included; left out: the last 31. */
export interface SalesDaysQuery {
  /** `YYYY-MM-DD`, UTC. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export const salesDaysQuerySchema: z.ZodObject<{
  from: z.ZodOptional<z.ZodISODate>;
  to: z.ZodOptional<z.ZodISODate>;
}> = z.strictObject({ from: z.iso.date().optional(), to: z.iso.date().optional() });

/** What a license's tills sold on a day (UTC) in one currency: decimal amounts. */
export interface SalesDay {
  readonly day: string;
  readonly currency: string;
  readonly sales: number;
  readonly refunds: number;
  readonly sold: number;
  readonly refunded: number;
  /** Of what was sold, without what was refunded. */
  readonly tax: number;
}

export const salesDaysSchema: z.ZodType<{ readonly days: readonly SalesDay[] }, unknown> = z
  .object({
    days: z.array(
      z.object({
        day: z.iso.date(),
        currency: z.string(),
        sales: z.int(),
        refunds: z.int(),
        sold: z.number(),
        refunded: z.number(),
        tax: z.number(),
      }),
    ),
  })
  .meta({ id: 'SalesDays' });
