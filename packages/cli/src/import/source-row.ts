import type { ErrorDetail } from '@tillcast/protocol/errors';

/** One row of a file: where it begins, and what was read there or what is wrong with it. */
export type SourceRow<T> =
  | { readonly line: number; readonly value: T }
  | { readonly line: number; readonly bad: string };

/** A bad row as errors carry it. */
export function detailOf(row: { readonly line: number; readonly bad: string }): ErrorDetail {
  return { pointer: `line ${row.line}`, detail: row.bad };
}
