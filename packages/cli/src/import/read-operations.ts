import { csvRows } from './csv-rows.ts';
import { jsonRows } from './json-rows.ts';
import { type CsvOptions, type OperationRow, operationsOfCsv, operationsOfJson } from './operations.ts';
import type { SourceFile } from './source-file.ts';

export type ImportFormat = 'csv' | 'jsonl';

/** The format that a file's name says; null where it says none. */
export function formatOf(path: string): ImportFormat | null {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  if (name.endsWith('.csv')) return 'csv';
  return /\.(jsonl|ndjson)$/.test(name) ? 'jsonl' : null;
}

/** A file's rows as operations. */
export function readOperations(
  source: SourceFile,
  format: ImportFormat,
  options: CsvOptions,
): AsyncGenerator<OperationRow> {
  return format === 'csv'
    ? operationsOfCsv(csvRows(source.content), options)
    : operationsOfJson(jsonRows(source.content), options.kind);
}
