import { type ErrorDetail, TillcastError } from '@tillcast/protocol/errors';
import { ORDER_BOUNDS } from '@tillcast/protocol/sales/sale';
import type { BasketLine } from '@tillcast/terminal';
import { csvRows } from '../import/csv-rows.ts';
import { counted } from '../output/figures.ts';
import { recordingTime } from '../replay/price-changes.ts';

/** What one customer bought. */
export interface RecordedSale {
  /** When: milliseconds on the recording's own clock, read as if it were UTC. */
  readonly atMs: number;
  readonly basket: readonly BasketLine[];
}

const MAX_REPORTED = 20;
const NEEDED = ['at', 'invoice', 'sku', 'quantity'] as const;

/**
 * The sales of a recording (`at,invoice,sku,quantity`, a line of a sale each) in the order of time. Prices are not read: a till
 * sells at those of its catalog.
 * @throws TillcastError `import_invalid` with the lines of bad rows
 */
export async function readRecordedSales(content: AsyncIterable<Buffer>): Promise<readonly RecordedSale[]> {
  const sales = new Map<string, { readonly atMs: number; readonly basket: BasketLine[] }>();
  const errors: ErrorDetail[] = [];
  let bad = 0;
  let columns: Columns | null = null;
  const reject = (line: number, detail: string): void => {
    bad += 1;
    if (errors.length < MAX_REPORTED) errors.push({ pointer: `line ${line}`, detail });
  };
  for await (const row of csvRows(content)) {
    if ('bad' in row) reject(row.line, row.bad);
    else if (columns === null) columns = columnsOf(row.value);
    else {
      const line = lineOf(row.value, columns);
      if (typeof line === 'string') {
        reject(row.line, line);
        continue;
      }
      const { invoice, atMs, ...wanted } = line;
      const sale = sales.get(invoice) ?? { atMs, basket: [] };
      sales.set(invoice, sale);
      sale.basket.push(wanted);
    }
  }
  if (bad > 0) {
    const message = `No sale was made: ${counted(bad, 'row')} of the recording cannot be read.`;
    throw new TillcastError('import_invalid', message, { details: errors });
  }
  // The sort is stable: sales of one moment stay as they are in the file.
  return [...sales.values()].sort((a, b) => a.atMs - b.atMs);
}

type Columns = Readonly<Record<(typeof NEEDED)[number], number>>;

function columnsOf(header: readonly string[]): Columns {
  const indexOf = (name: string): number => {
    const index = header.findIndex((heading) => heading.trim() === name);
    if (index >= 0) return index;
    const message = `This is no recording of sales: it has no column ${name}. It needs ${NEEDED.join(', ')}.`;
    throw new TillcastError('import_invalid', message);
  };
  const [at, invoice, sku, quantity] = [
    indexOf('at'),
    indexOf('invoice'),
    indexOf('sku'),
    indexOf('quantity'),
  ];
  return { at, invoice, sku, quantity };
}

function lineOf(
  cells: readonly string[],
  columns: Columns,
): (BasketLine & { readonly invoice: string; readonly atMs: number }) | string {
  const [at = '', invoice = '', sku = '', text = ''] = NEEDED.map((name) =>
    (cells[columns[name]] ?? '').trim(),
  );
  const atMs = recordingTime(at);
  if (atMs === null) return `${JSON.stringify(at)} is not a time such as 2011-01-31 09:30:00`;
  if (invoice === '') return 'the invoice is missing';
  if (sku === '' || sku.length > 64) return 'the sku must have 1 to 64 characters';
  const quantity = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (quantity < 1)
    return `the quantity must be 1 to ${ORDER_BOUNDS.quantity}, and is ${JSON.stringify(text)}`;
  return { invoice, atMs, productId: sku, quantity };
}
