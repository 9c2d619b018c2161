import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CATALOG_FILE, INSTANCE_FILE, SALES_FILE } from '@tillcast/terminal/internals';

const WAL_FILE = `${CATALOG_FILE}-wal`;
const FILES: readonly string[] = [CATALOG_FILE, WAL_FILE, INSTANCE_FILE, SALES_FILE, `${SALES_FILE}-wal`];

/** Flips one byte of a till's catalog file, wherever it is. */
export function flipByte(folder: string, where: number): void {
  const path = join(folder, CATALOG_FILE);
  const bytes = readFileSync(path);
  flipAt(path, bytes, Math.floor(where * bytes.length));
}

/**
 * Flips one byte of a row's text, wherever it stands in the catalog and in its log: one of those places is what is read.
 * @returns false where it stands nowhere
 */
export function flipInText(folder: string, text: string, where: number): boolean {
  const sought = Buffer.from(text);
  const offset = Math.floor(where * sought.length);
  let isThere = false;
  for (const path of [CATALOG_FILE, WAL_FILE].map((name) => join(folder, name))) {
    if (!existsSync(path)) continue;
    const bytes = readFileSync(path);
    for (let at = bytes.indexOf(sought); at >= 0; at = bytes.indexOf(sought, at + 1)) {
      flipAt(path, bytes, at + offset);
      isThere = true;
    }
  }
  return isThere;
}

function flipAt(path: string, bytes: Buffer, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  // In place: who has the file open goes on with it.
  writeFileSync(path, bytes, { flag: 'r+' });
}

/** Puts a copy of a till's data, as it lies on the disk at this moment, in the place of what is in another folder. */
export function copyData(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of FILES) {
    rmSync(join(to, name), { force: true });
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
  }
}

/** Where a till's data are. */
export function folderOf(path: string): string {
  return dirname(path);
}

/** Removes tills' files and what was set aside. */
export function removeFiles(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
