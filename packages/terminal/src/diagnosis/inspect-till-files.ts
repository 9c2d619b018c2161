import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SALES_FILE, unsentSalesIn } from '../sales/open-sales.ts';
import { SALES_APPLICATION_ID } from '../sales/schema.ts';
import { CATALOG_FILE } from '../store/open-catalog.ts';
import { APPLICATION_ID } from '../store/schema.ts';
import { isLocked, messageOf } from '../store/sqlite-error.ts';

/** How one of a till's files is. */
export interface TillFile {
  readonly name: string;
  /** `in_use`: the till runs on it, and looks after it itself. */
  readonly state: 'sound' | 'missing' | 'in_use' | 'damaged';
  /** What is wrong with it; empty where nothing is. */
  readonly detail: string;
}

/** A till's files, looked at and left as they are. */
export interface TillFiles {
  readonly files: readonly TillFile[];
  /** Null while the till runs. */
  readonly unsentSales: number | null;
}

/** Looks into the files of the till in this folder. */
export function inspectTillFiles(dataDir: string): TillFiles {
  const files = [
    inspect(join(dataDir, CATALOG_FILE), CATALOG_FILE, APPLICATION_ID),
    inspect(join(dataDir, SALES_FILE), SALES_FILE, SALES_APPLICATION_ID),
  ];
  return { files, unsentSales: unsentIn(dataDir) };
}

function inspect(path: string, name: string, applicationId: number): TillFile {
  if (!existsSync(path)) return { name, state: 'missing', detail: '' };
  let file: DatabaseSync | null = null;
  try {
    file = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    const { application_id: id } = file.prepare('pragma application_id').get() ?? {};
    if (id !== applicationId) return { name, state: 'damaged', detail: 'it is a file of something else' };
    const { integrity_check: said } = file.prepare('pragma integrity_check(1)').get() ?? {};
    return said === 'ok'
      ? { name, state: 'sound', detail: '' }
      : { name, state: 'damaged', detail: String(said) };
  } catch (error) {
    return isLocked(error)
      ? { name, state: 'in_use', detail: '' }
      : { name, state: 'damaged', detail: messageOf(error) };
  } finally {
    file?.close();
  }
}

function unsentIn(dataDir: string): number | null {
  try {
    return unsentSalesIn(dataDir);
  } catch (error) {
    if (isLocked(error)) return null;
    throw error;
  }
}
