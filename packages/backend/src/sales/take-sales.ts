import type { SaleResult } from '@tillcast/protocol/http/sales-api';
import type { Database } from '../database/database.ts';
import { type JudgedSale, judgeSale } from './judge-sale.ts';
import {
  type Bringer,
  insertRejectedSales,
  insertSales,
  type RejectedSale,
  selectSaleHashes,
} from './sales-statements.ts';

/** What became of a request's sales, and how many of the accepted were there already. */
export interface TakenSales {
  readonly results: readonly SaleResult[];
  readonly doubled: number;
}

/**
 * Takes a terminal's sales, each judged by itself and stored once: what was there already, with the same content, is accepted again.
 * What is no sale, and another sale under an id that is taken, is kept with its reason. All of it is committed when this
 * resolves. Where it rejects, some of it may be: brought again, that is accepted again.
 */
export async function takeSales(
  database: Pick<Database, 'ofLicense'>,
  bringer: Bringer,
  brought: readonly Readonly<Record<string, unknown>>[],
): Promise<TakenSales> {
  const judged = brought.map(judgeSale);
  const sales = judged.filter((each) => each.is === 'sale');
  const license = database.ofLicense(bringer.licenseId);
  // A transaction of its own, in one round trip: mostly it is all that there is to do.
  const added = sales.length === 0 ? new Set<string>() : await insertSales(license, bringer, sales);
  const answered =
    added.size === judged.length
      ? judged.map((each) => resultOf(each, null))
      : await license.transaction(async (session) => {
          // Sees what another request has committed since.
          const ids = sales.map(({ sale }) => sale.id);
          const known =
            added.size === sales.length ? null : await selectSaleHashes(session, bringer, [...new Set(ids)]);
          const results = judged.map((each) => resultOf(each, known));
          const rejected = results.flatMap(({ kept }) => kept ?? []);
          if (rejected.length > 0) await insertRejectedSales(session, bringer, rejected);
          return results;
        });
  const results = answered.map(({ result }) => result);
  const accepted = results.filter(({ outcome }) => outcome === 'accepted').length;
  return { results, doubled: accepted - added.size };
}

interface Answered {
  readonly result: SaleResult;
  /** What is to be kept as rejected. */
  readonly kept: RejectedSale | null;
}

function resultOf(judged: JudgedSale, known: ReadonlyMap<string, string> | null): Answered {
  const { body, hash } = judged;
  if (judged.is === 'none') {
    const { id, code, detail } = judged;
    return { result: { id, outcome: 'rejected', code, detail }, kept: { body, hash, code, detail } };
  }
  const { id } = judged.sale;
  if (known === null || known.get(id) === hash) return { result: { id, outcome: 'accepted' }, kept: null };
  const code = 'sale_conflict';
  const detail = `This terminal has handed in another sale as ${id}.`;
  return { result: { id, outcome: 'rejected', code, detail }, kept: { body, hash, code, detail } };
}
