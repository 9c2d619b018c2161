import { Readable } from 'node:stream';
import { type ErrorDetail, TillcastError } from '@tillcast/protocol/errors';
import type { CommitResult, ImportResult } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { AdminClient } from '../api/admin-client.ts';
import { counted } from '../output/figures.ts';
import type { OperationRow } from './operations.ts';
import { detailOf } from './source-row.ts';

/** At most this many bad rows are kept and told; the rest is counted. */
export const MAX_REPORTED = 20;

export interface ImportReport extends CommitResult {
  /** Rows of the file, the header not counted. */
  readonly read: number;
  readonly rejected: number;
  readonly errors: readonly ErrorDetail[];
  readonly duration_ms: number;
}

export interface ImportOptions {
  readonly license: LicenseKey;
  readonly partial: boolean;
  /** Told how many rows were read so far. */
  readonly onRow?: (read: number) => void;
}

/**
 * Streams a file's operations into a license's catalog as one commit. In strict mode a bad row anywhere means
 * that nothing is done: the request is broken off unfinished, so that the server never has the whole of it,
 * and the rest of the file is read only for its other bad rows.
 * @throws TillcastError `import_invalid` with the bad rows' lines; or what the server refuses with
 */
export async function importCatalog(
  client: AdminClient,
  rows: AsyncIterable<OperationRow>,
  options: ImportOptions,
): Promise<ImportReport> {
  const startedAt = performance.now();
  const tally = new Tally(options);
  // Which line of the file each line of the request stands for.
  const lineOf: number[] = [];
  const body = Readable.from(requestLines(rows, tally, lineOf, options.partial), { highWaterMark: 64 });
  let answer: ImportResult;
  try {
    answer = await client.import(options.license, body, options.partial ? 'partial' : 'strict');
  } catch (error) {
    if (tally.rejected > 0 && !options.partial) throw tally.error(error);
    throw withFileLines(error, lineOf);
  } finally {
    body.destroy();
  }
  return {
    ...answer,
    read: tally.read,
    rejected: tally.rejected + answer.rejected,
    errors: [...tally.errors, ...answer.errors.map((each) => inFile(each, lineOf))].slice(0, MAX_REPORTED),
    duration_ms: Math.round(performance.now() - startedAt),
  };
}

/** Counts rows, and keeps the first bad ones. */
class Tally {
  read = 0;
  rejected = 0;
  readonly errors: ErrorDetail[] = [];
  readonly #onRow: ((read: number) => void) | undefined;

  constructor(options: ImportOptions) {
    this.#onRow = options.onRow;
  }

  count(row: OperationRow): void {
    this.read += 1;
    this.#onRow?.(this.read);
    if (!('bad' in row)) return;
    this.rejected += 1;
    if (this.errors.length < MAX_REPORTED) this.errors.push(detailOf(row));
  }

  error(cause: unknown): TillcastError {
    const more = this.rejected > this.errors.length ? ` (the first ${this.errors.length} follow)` : '';
    return new TillcastError(
      'import_invalid',
      `Nothing was imported: ${counted(this.rejected, 'row')} of ${counted(this.read, 'row')} cannot be read${more}. Mend them, or import the good ones with --partial.`,
      { details: this.errors, cause },
    );
  }
}

const LINES_PER_CHUNK = 256;

async function* requestLines(
  rows: AsyncIterable<OperationRow>,
  tally: Tally,
  lineOf: number[],
  partial: boolean,
): AsyncGenerator<string> {
  let chunk: string[] = [];
  for await (const row of rows) {
    tally.count(row);
    if ('bad' in row || (tally.rejected > 0 && !partial)) continue;
    for (const text of row.value) {
      lineOf.push(row.line);
      chunk.push(text);
    }
    if (chunk.length < LINES_PER_CHUNK) continue;
    yield `${chunk.join('\n')}\n`;
    chunk = [];
  }
  if (tally.rejected > 0 && !partial) throw new Error('the file has bad rows');
  if (lineOf.length === 0) throw new TillcastError('import_invalid', emptyMessage(tally));
  if (chunk.length > 0) yield `${chunk.join('\n')}\n`;
}

function emptyMessage(tally: Tally): string {
  return tally.read === 0
    ? 'Nothing was imported: the file has no rows.'
    : `Nothing was imported: none of ${counted(tally.read, 'row')} can be read.`;
}

/** The server counts the request's lines; a person looks into the file. */
function withFileLines(error: unknown, lineOf: readonly number[]): unknown {
  if (!(error instanceof TillcastError) || error.details.length === 0) return error;
  const details = error.details.map((each) => inFile(each, lineOf));
  const message = error.message.replace(
    /^line \d+/,
    (pointer) => inFile({ pointer, detail: '' }, lineOf).pointer,
  );
  return new TillcastError(error.code, message, { cause: error, details });
}

function inFile(detail: ErrorDetail, lineOf: readonly number[]): ErrorDetail {
  const match = /^line (\d+)(.*)$/.exec(detail.pointer);
  const line = lineOf[Number(match?.[1]) - 1];
  return line === undefined ? detail : { ...detail, pointer: `line ${line}${match?.[2] ?? ''}` };
}
