import { createHash } from 'node:crypto';
import type { ErrorCode } from '@tillcast/protocol/errors';
import { checkSums } from '@tillcast/protocol/sales/check-sums';
import { type Sale, saleSchema } from '@tillcast/protocol/sales/sale';
import { detailsOf } from '@tillcast/protocol/validation';

/** What was brought as a sale, before anything is known of others. */
export type JudgedSale =
  | { readonly is: 'sale'; readonly sale: Sale; readonly body: string; readonly hash: string }
  | {
      readonly is: 'none';
      /** As far as it has one. */
      readonly id: string | null;
      readonly code: ErrorCode;
      readonly detail: string;
      readonly body: string;
      readonly hash: string;
    };

const DETAIL_MAX_CHARS = 1_000;

/**
 * Whether something is a sale: its shape, and that it adds up. Its text is brought into one form, so that the same sale has the same
 * hash however it was written. The catalog is not asked: it moves on, and what was sold was sold.
 */
export function judgeSale(brought: Readonly<Record<string, unknown>>): JudgedSale {
  const parsed = saleSchema.safeParse(brought);
  if (!parsed.success) return none(brought, detailsOf(parsed.error));
  const sale = parsed.data;
  const trouble = checkSums(sale);
  if (trouble.length > 0) return none(brought, trouble);
  const body = JSON.stringify(sale);
  return { is: 'sale', sale, body, hash: hashOf(body) };
}

function none(
  brought: Readonly<Record<string, unknown>>,
  details: readonly { readonly pointer: string; readonly detail: string }[],
): JudgedSale {
  const body = JSON.stringify(brought);
  const detail = details.map((each) => `${each.pointer} ${each.detail}`).join('; ');
  const { id } = brought;
  return {
    is: 'none',
    id: typeof id === 'string' ? id.slice(0, 200) : null,
    code: 'sale_invalid',
    detail: detail.slice(0, DETAIL_MAX_CHARS),
    body,
    hash: hashOf(body),
  };
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
