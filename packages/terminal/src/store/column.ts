import type { SQLOutputValue } from 'node:sqlite';

/** What the file holds is not what was ever written to it. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError';
}

/** A row as node:sqlite gives it. */
export type SqlRow = Readonly<Record<string, SQLOutputValue>>;

/** A text column. @throws DamagedFileError where it is another type */
export function text(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw wrongType(column, 'a text', value);
}

/** A number column. @throws DamagedFileError where it is another type */
export function number(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value === 'number') return value;
  throw wrongType(column, 'a number', value);
}

export function textOrNull(row: SqlRow, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

export function numberOrNull(row: SqlRow, column: string): number | null {
  return row[column] === null ? null : number(row, column);
}

function wrongType(column: string, expected: string, value: unknown): DamagedFileError {
  return new DamagedFileError(
    `Column ${column} of the till's catalog file is not ${expected} but ${typeof value}.`,
  );
}
