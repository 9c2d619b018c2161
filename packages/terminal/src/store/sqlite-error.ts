import { DamagedFileError } from './column.ts';

// SQLite's primary result codes.
const SQLITE_ERROR = 1;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
// And an extended one.
const SQLITE_IOERR_WRITE = 10 | (3 << 8);

/** The primary result code of an error of node:sqlite; null for any other. */
function resultCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  // The upper bytes tell more, the lowest tells the kind.
  return error.errcode & 0xff;
}

/** Another process has the file. */
export function isLocked(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

/** There is no room on the disk: nothing was written. A quota that is used up is told as a write that failed. */
export function isFull(error: unknown): boolean {
  if (resultCodeOf(error) === SQLITE_FULL) return true;
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_IOERR_WRITE;
}

/** A statement does not fit the file: a table or a column is missing. */
export function isSchemaError(error: unknown): boolean {
  return resultCodeOf(error) === SQLITE_ERROR;
}

/** The file is not what it was when it was opened: nothing in it can be relied on. */
export function isDamaged(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB || error instanceof DamagedFileError;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
