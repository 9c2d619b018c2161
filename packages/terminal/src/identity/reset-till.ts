import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';
import type { ExportAnswer, ExportRequest } from '@tillcast/protocol/http/till-api';
import type { TerminalConfig } from '../config/terminal-config.ts';
import { exportFolderSales } from '../counter/folder-export.ts';
import { setSalesAside, unsentSalesIn } from '../sales/open-sales.ts';
import { CATALOG_FILE } from '../store/open-catalog.ts';
import { lockTill } from './activation.ts';
import { keyStoreNamed } from './key-store.ts';
import { removeMessageKeys } from './message-keys.ts';
import { keyStoreOptionsOf } from './open-credentials.ts';
import { type KeyPlace, readIdentity, readPending, removeIdentity, removePending } from './till-identity.ts';

/**
 * Makes the folder's till forget who it is: its identity, its key and its catalog. The terminal that it was
 * stays known to the server, and keeps its seat there until an operator revokes it.
 * @param override a manager's PIN and words for an export: sales that wait are written into it first, and their file is kept
 *   under another name
 * @returns where the export is; null where none was needed
 * @throws TillcastError `unsent_sales` while sales wait, what {@link exportFolderSales} throws, `data_in_use` while the till runs, `secret_unreadable`
 *   where the keyring does not let the key go
 */
export async function resetTill(
  config: TerminalConfig,
  override: ExportRequest | null = null,
): Promise<ExportAnswer | null> {
  const { dataDir } = config;
  const lock = lockTill(dataDir);
  try {
    const waiting = unsentSalesIn(dataDir);
    const exported = waiting > 0 && override !== null ? await exportFolderSales(dataDir, override) : null;
    if (exported !== null) {
      setSalesAside(dataDir);
    } else if (waiting > 0) {
      throw new TillcastError(
        'unsent_sales',
        `${waiting} ${waiting === 1 ? 'sale waits' : 'sales wait'} in ${dataDir} to be sent: start the till where it reaches the server, and reset it when none waits any more; or have a manager export them first: \`tillcast terminal reset --export\`.`,
      );
    }
    // Who cannot be read any more is forgotten all the same.
    for (const key of [known(() => readIdentity(dataDir)), known(() => readPending(dataDir))]) {
      if (key !== null) await keyStoreNamed(key.store, keyStoreOptionsOf(config)).remove(key.id);
    }
    removeCatalog(dataDir);
    rmSync(join(dataDir, 'identity.key'), { force: true });
    rmSync(join(dataDir, 'terminal-id'), { force: true });
    removeMessageKeys(dataDir);
    removePending(dataDir);
    removeIdentity(dataDir);
    return exported;
  } finally {
    lock.release();
  }
}

function known(read: () => { readonly key: KeyPlace } | null): KeyPlace | null {
  try {
    return read()?.key ?? null;
  } catch (error) {
    if (error instanceof TillcastError && error.code === 'configuration_invalid') return null;
    throw error;
  }
}

/** The file, what SQLite keeps beside it, and those that were set aside. */
function removeCatalog(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith(CATALOG_FILE)) rmSync(join(dataDir, name), { force: true });
  }
}
