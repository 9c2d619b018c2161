import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { productSchema } from '@tillcast/protocol/items/product';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { checkout } from '@tillcast/protocol/sales/checkout';
import { emptyOrder, type Order } from '@tillcast/protocol/sales/order';
import { editOrder, type SaleCatalog } from '@tillcast/protocol/sales/order-edits';
import { refund } from '@tillcast/protocol/sales/refund';
import type { Sale } from '@tillcast/protocol/sales/sale';
import { openSales, SALES_FILE, type SalesSetAside } from '../../src/sales/open-sales.ts';
import type { SalesOwner } from '../../src/sales/owner-table.ts';
import { SalesFile } from '../../src/sales/sales-file.ts';

export const OWNER: SalesOwner = {
  licenseKey: parseLicenseKey('EXTRO-LIFE-SALES1'),
  terminalId: '9c88c768-a920-48d4-b4cf-6aa8e01364bb',
};

export const AT = '2026-11-24T09:00:00.000Z';

const tea = productSchema.parse({ id: 'TEA', name: 'Tea', price: 2.35, currency: 'GBP', tax_percent: 20 });

const catalog: SaleCatalog = {
  version: { epoch: 'k3v9k3v9k3v9k3v9', version: 42 },
  product: (id) => (id === tea.id ? tea : null),
  modifier: () => null,
};

/** A folder of a till, removed at the end. */
export function tillFolder(): Disposable & { readonly path: string; readonly file: string } {
  const path = mkdtempSync(join(tmpdir(), 'tillcast-sales-'));
  return {
    path,
    file: join(path, SALES_FILE),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The folder's sales, open; told of each file that was set aside. */
export function openSold(
  file: string,
  owner: SalesOwner = OWNER,
  setAside: SalesSetAside[] = [],
): SalesFile & Disposable {
  const sales = new SalesFile(openSales(file, owner, (each) => void setAside.push(each)));
  return Object.assign(sales, { [Symbol.dispose]: () => sales.close() });
}

/** An order of so many teas. */
export function teas(quantity: number, id: string = crypto.randomUUID()): Order {
  return editOrder(
    emptyOrder(id, AT),
    { edit: 'add', product_id: 'TEA', quantity, modifiers: [] },
    catalog,
    'L1',
  );
}

/** Sells so many teas for cash. */
export function sell(sales: SalesFile, quantity = 1): Sale {
  const order = teas(quantity);
  sales.keepOrder(order, null);
  return sellOrder(sales, order);
}

export function sellOrder(sales: SalesFile, order: Order): Sale {
  const quantity = order.lines[0]?.quantity ?? 0;
  return sales.saveSale(
    order,
    ({ id, receiptNumber }) =>
      checkout(order, [{ method: 'cash', amount: (235 * quantity) / 100 }], {
        id,
        receiptNumber,
        soldAt: AT,
        staff: null,
      }),
    AT,
  );
}

/** Gives one tea of a sale back. */
export function giveBack(sales: SalesFile, sale: Sale): Sale {
  return sales.saveSale(
    null,
    ({ id, receiptNumber }) =>
      refund(sale, [{ line: 0, quantity: 1 }], sales.refundsOf(sale.id), [{ method: 'cash', amount: 2.35 }], {
        id,
        receiptNumber,
        soldAt: AT,
        staff: null,
      }),
    AT,
  );
}

/** Sells so many lines of a tea, each with a long note. */
export function sellLong(sales: SalesFile, lines: number): Sale {
  const order = teas(1);
  const noted = order.lines.flatMap((line) =>
    Array.from({ length: lines }, (_, index) => ({ ...line, line_id: `L${index}`, note: 'ü'.repeat(100) })),
  );
  const long = { ...order, lines: noted };
  sales.keepOrder(long, null);
  return sales.saveSale(
    long,
    ({ id, receiptNumber }) =>
      checkout(long, [{ method: 'card', amount: (235 * lines) / 100 }], {
        ...{ id, receiptNumber, soldAt: AT, staff: null },
      }),
    AT,
  );
}
