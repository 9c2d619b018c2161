import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { toMinor } from '@tillcast/protocol/money';
import { saleSchema } from '@tillcast/protocol/sales/sale';

/** A sale as a till's own file has it. */
export interface FiledSale {
  readonly id: string;
  readonly state: string;
  readonly minor: number;
}

/** All sales in a till's folder, by its file alone. The till must not run. */
export function filedSales(tillFolder: string): readonly FiledSale[] {
  using db = new DatabaseSync(join(tillFolder, 'sales.sqlite'), { readOnly: true });
  const rows = db.prepare('select id, state, body from sales order by counter').all();
  return rows.map(({ id, state, body }) => {
    const { total, currency } = saleSchema.parse(JSON.parse(String(body)));
    return { id: String(id), state: String(state), minor: toMinor(total, currency) };
  });
}
