import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { z } from 'zod';
import type { SourceRow } from './source-row.ts';

const MAX_RECORD_CHARACTERS = 128_000;

const parsedSchema = z.object({
  info: z.object({ lines: z.number() }),
  record: z.array(z.string()),
});

/**
 * A CSV file's records, the header first: commas, quotes that may hold line breaks, LF or CRLF, with or
 * without a byte order mark. A record with more or fewer cells than the header is a bad row; a quote that is
 * opened wrongly or never closed makes the rest unreadable, and is the last row.
 */
export async function* csvRows(content: AsyncIterable<Buffer>): AsyncGenerator<SourceRow<readonly string[]>> {
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_RECORD_CHARACTERS,
  });
  const input = Readable.from(content);
  input.once('error', (error) => parser.destroy(error));
  input.pipe(parser);
  let width: number | null = null;
  try {
    for await (const each of parser) {
      const { info, record } = parsedSchema.parse(each);
      const line = info.lines - lineBreaksIn(record);
      width ??= record.length;
      yield record.length === width
        ? { line, value: record }
        : { line, bad: `has ${record.length} cells, and the header has ${width}` };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? error['lines'] : 1;
    yield { line, bad: reasonOf(error) };
  } finally {
    input.destroy();
    parser.destroy();
  }
}

function lineBreaksIn(record: readonly string[]): number {
  return record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
}

function reasonOf(error: CsvError): string {
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') return 'a quote that begins here is never closed';
  if (error.code === 'CSV_MAX_RECORD_SIZE') return 'is too long; is a quote not closed?';
  if (error.code === 'INVALID_OPENING_QUOTE') return 'has a quote within a cell that does not begin with one';
  if (error.code === 'CSV_INVALID_CLOSING_QUOTE') return 'has text after a closing quote';
  return error.message;
}
