import { type ErrorDetail, TillcastError } from '@tillcast/protocol/errors';
import { csvRows } from '../import/csv-rows.ts';
import { counted } from '../output/figures.ts';

/** One recorded price change. */
export interface RecordedChange {
  /** When it happened: milliseconds on the recording's own clock. Only differences mean something. */
  readonly atMs: number;
  readonly sku: string;
  readonly newMinor: number;
}

/** Which of a recording's changes are wanted. */
export interface RecordingRange {
  readonly fromMs: number | undefined;
  /** Exclusive. */
  readonly untilMs: number | undefined;
  readonly limit: number | undefined;
}

const MAX_REPORTED = 20;
const NEEDED = ['at', 'sku', 'new_pence'] as const;

/**
 * The changes of a recording (`at,sku,old_pence,new_pence`) in the order of time; those of one moment in the
 * order of the file.
 * @throws TillcastError `import_invalid` with the lines of bad rows
 */
export async function readPriceChanges(
  content: AsyncIterable<Buffer>,
  range: RecordingRange,
): Promise<readonly RecordedChange[]> {
  const changes: RecordedChange[] = [];
  const errors: ErrorDetail[] = [];
  let bad = 0;
  let columns: Readonly<Record<(typeof NEEDED)[number], number>> | null = null;
  const reject = (line: number, detail: string): void => {
    bad += 1;
    if (errors.length < MAX_REPORTED) errors.push({ pointer: `line ${line}`, detail });
  };
  for await (const row of csvRows(content)) {
    if ('bad' in row) reject(row.line, row.bad);
    else if (columns === null) columns = columnsOf(row.value);
    else {
      const change = changeOf(row.value, columns);
      if (typeof change === 'string') reject(row.line, change);
      else if (change.atMs >= (range.fromMs ?? -Infinity) && change.atMs < (range.untilMs ?? Infinity)) {
        changes.push(change);
      }
    }
  }
  if (bad > 0) {
    throw new TillcastError(
      'import_invalid',
      `Nothing was replayed: ${counted(bad, 'row')} cannot be read.`,
      {
        details: errors,
      },
    );
  }
  // The sort is stable.
  changes.sort((a, b) => a.atMs - b.atMs);
  return range.limit === undefined ? changes : changes.slice(0, range.limit);
}

function columnsOf(header: readonly string[]): Readonly<Record<(typeof NEEDED)[number], number>> {
  const indexOf = (name: string): number => {
    const index = header.findIndex((heading) => heading.trim() === name);
    if (index >= 0) return index;
    throw new TillcastError(
      'import_invalid',
      `This is no recording of price changes: it has no column ${name}. It needs at, sku, old_pence and new_pence.`,
    );
  };
  return { at: indexOf('at'), sku: indexOf('sku'), new_pence: indexOf('new_pence') };
}

function changeOf(
  cells: readonly string[],
  columns: Readonly<Record<(typeof NEEDED)[number], number>>,
): RecordedChange | string {
  const at = cells[columns.at] ?? '';
  const sku = (cells[columns.sku] ?? '').trim();
  const pence = cells[columns.new_pence] ?? '';
  const atMs = recordingTime(at);
  if (atMs === null) return `${JSON.stringify(at)} is not a time such as 2011-01-31 09:30:00`;
  if (sku === '' || sku.length > 64) return 'the sku must have 1 to 64 characters';
  if (!/^\d{1,15}$/.test(pence)) return `${JSON.stringify(pence)} is not a whole number of pence`;
  return { atMs, sku, newMinor: Number(pence) };
}

/** A time of a recording, or a day's begin. It has no zone, and is read as if it were UTC. */
export function recordingTime(text: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?))?$/.exec(text.trim());
  if (match === null) return null;
  const time = Date.parse(`${match[1]}T${match[2] ?? '00:00'}Z`);
  return Number.isNaN(time) ? null : time;
}
