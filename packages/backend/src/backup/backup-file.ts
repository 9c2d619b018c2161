import { createHash } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';

/**
 * A backup's text: JSON, one value a line, each an object with one member that says what it is. First
 * `backup`, then for each table `table` and its rows as `row`, last `end` with the count of the rows and the
 * SHA-256 of all lines before it, their ends included. So a file that was cut off or changed is known for it.
 */
export const BACKUP_FORMAT = 1;

/** What a backup says of itself. */
export interface BackupHeader {
  readonly format: number;
  /** How many steps the schema had. */
  readonly schema: number;
  /** The moment that it shows: ISO 8601, UTC. */
  readonly taken_at: string;
  readonly licenses: number;
}

/** A row of a table, as the JSON text that PostgreSQL made of it: read by no one but PostgreSQL. */
export interface BackupRow {
  readonly table: string;
  readonly row: string;
}

const headerLine = z.strictObject({
  backup: z.strictObject({
    format: z.int(),
    schema: z.int().positive(),
    taken_at: z.iso.datetime(),
    licenses: z.int().nonnegative(),
  }),
});
const tableLine = z.strictObject({ table: z.string() });
const endLine = z.strictObject({
  end: z.strictObject({ rows: z.int().nonnegative(), sha256: z.string() }),
});

const ROW_BEGIN = '{"row":';
const ROW_END = '}';

/** Writes a backup's lines. */
export class BackupWriter {
  readonly #hash = createHash('sha256');
  #rows = 0;

  header(header: BackupHeader): string {
    return this.#line(JSON.stringify({ backup: header }));
  }

  table(name: string): string {
    return this.#line(JSON.stringify({ table: name }));
  }

  /** @param row JSON without line ends */
  row(row: string): string {
    this.#rows += 1;
    return this.#line(ROW_BEGIN + row + ROW_END);
  }

  end(): string {
    return `${JSON.stringify({ end: { rows: this.#rows, sha256: this.#hash.digest('hex') } })}\n`;
  }

  #line(text: string): string {
    const line = `${text}\n`;
    this.#hash.update(line);
    return line;
  }
}

/**
 * Reads a backup: its header, then its rows. Only when the last row was taken is it known to be whole.
 * @throws TillcastError `backup_damaged`
 */
export async function readBackup(
  lines: AsyncIterable<string>,
): Promise<{ readonly header: BackupHeader; readonly rows: AsyncGenerator<BackupRow> }> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  const parsed = first.done === true ? undefined : headerLine.safeParse(jsonOf(first.value));
  if (first.done === true || parsed?.success !== true) throw damaged('it does not begin as a backup does');
  const header = parsed.data.backup;
  if (header.format !== BACKUP_FORMAT) {
    throw damaged(
      `it is of format ${header.format}, and this program reads ${BACKUP_FORMAT}; use the program that made it`,
    );
  }
  return { header, rows: rowsAfter(first.value, iterator) };
}

async function* rowsAfter(first: string, lines: AsyncIterator<string>): AsyncGenerator<BackupRow> {
  const hash = createHash('sha256').update(`${first}\n`);
  let rows = 0;
  let table: string | null = null;
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    const line = next.value;
    if (line.startsWith(ROW_BEGIN)) {
      if (table === null || !line.endsWith(ROW_END)) throw damaged(`row ${rows + 1} is broken off`);
      rows += 1;
      hash.update(`${line}\n`);
      yield { table, row: line.slice(ROW_BEGIN.length, -ROW_END.length) };
      continue;
    }
    const value = jsonOf(line);
    const end = endLine.safeParse(value);
    if (end.success) {
      const isWhole = end.data.end.rows === rows && end.data.end.sha256 === hash.digest('hex');
      if (!isWhole || (await lines.next()).done !== true) throw damaged('its content does not fit its sum');
      return;
    }
    const begin = tableLine.safeParse(value);
    if (!begin.success) throw damaged(`it has a line that means nothing after row ${rows}`);
    table = begin.data.table;
    hash.update(`${line}\n`);
  }
  throw damaged('its end is missing');
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What is wrong with a backup that is not as it was written. */
export function damaged(why: string, cause?: unknown): TillcastError {
  return new TillcastError(
    'backup_damaged',
    `The backup is not as it was written: ${why}. Nothing was restored; take another copy of it, or an older backup.`,
    cause === undefined ? {} : { cause },
  );
}
