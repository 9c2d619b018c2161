import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TillcastError } from '@tillcast/protocol/errors';
import type { ExportAnswer, ExportRequest } from '@tillcast/protocol/http/till-api';
import { exportPath, writeExport } from '../sales/export-file.ts';
import { openSalesOfAnybody } from '../sales/open-sales.ts';
import { SalesFile } from '../sales/sales-file.ts';
import { text } from '../store/column.ts';
import { CATALOG_FILE } from '../store/open-catalog.ts';
import { messageOf } from '../store/sqlite-error.ts';
import { Shop } from './shop.ts';
import { StaffDesk } from './staff-desk.ts';

/**
 * Writes what the server lacks of a till's sales into an encrypted file, while the till does not run. The PIN is that of a manager
 * of the till's own catalog, and wrong ones are counted as at its page.
 * @returns null where there are no sales at all
 * @throws TillcastError `pin_wrong`, `rate_limited`, `manager_needed`, `database_unavailable`
 */
export async function exportFolderSales(
  dataDir: string,
  { pin, passphrase }: ExportRequest,
): Promise<ExportAnswer | null> {
  const open = openSalesOfAnybody(dataDir);
  if (open === null) return null;
  const file = new SalesFile(open);
  try {
    const users = usersIn(join(dataDir, CATALOG_FILE));
    const shop = new Shop({ cursor: null, body: () => null, bodies: () => users });
    await new StaffDesk({ shop, file, nowMs: Date.now }).checkManager(pin);
    const sales = file.unsentSales().map(({ sale }) => sale);
    const exportedAt = new Date().toISOString();
    const path = exportPath(dataDir, exportedAt);
    await writeExport(path, { exportedAt, sales }, passphrase);
    return { file: path, count: sales.length };
  } finally {
    file.close();
  }
}

/** The members of staff of a catalog as they are stored. Nothing is changed about the file, whatever is wrong with it. */
function usersIn(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { timeout: 1_000 });
    return db
      .prepare("select body from items where kind = 'user'")
      .all()
      .map((row) => text(row, 'body'));
  } catch (cause) {
    throw new TillcastError(
      'database_unavailable',
      `The till's catalog ${path}, which knows the managers' PINs, cannot be read: ${messageOf(cause)}. Start the till where it reaches the server, so that it mends it.`,
      { cause },
    );
  } finally {
    db?.close();
  }
}
