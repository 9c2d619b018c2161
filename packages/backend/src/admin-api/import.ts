import { setImmediate as nextTurn } from 'node:timers/promises';
import { asTillcastError, type ErrorDetail, TillcastError } from '@tillcast/protocol/errors';
import type { ImportResult } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { operationSchema } from '@tillcast/protocol/operation';
import { detailsOf } from '@tillcast/protocol/validation';
import { commitPrepared } from '../catalog/commit.ts';
import { STEPS_AT_ONCE } from '../catalog/in-steps.ts';
import { type PreparedOperation, prepareOperation } from '../catalog/prepare.ts';
import type { Database } from '../database/database.ts';
import { parseJson } from '../http/json-body.ts';
import type { MessageSigner } from '../keys/key-ring.ts';
import { type Line, type LineBounds, linesOf } from './lines.ts';

/** How much an import may be. */
export interface ImportBounds extends LineBounds {
  readonly maxLines: number;
}

export const IMPORT_BOUNDS: ImportBounds = {
  // The largest item, a modifier with 100 options of 64 and 200 characters, is below 64 KiB of JSON.
  maxLineBytes: 256 * 1024,
  maxBytes: 256 * 1024 * 1024,
  maxLines: 1_000_000,
};

/** How many bad lines an answer names. */
const MAX_NAMED = 20;

/**
 * Does a stream of operations, one a line, to one catalog as one change. In strict mode one bad line is
 * enough to change nothing; in partial mode bad lines are left out and named.
 * @throws TillcastError `import_invalid` with the first bad lines; `request_too_large`; `license_not_found`
 */
export async function importLines(
  database: Database,
  key: LicenseKey,
  source: AsyncIterable<Uint8Array>,
  options: {
    readonly mode: 'strict' | 'partial';
    readonly now: () => Date;
    readonly signer: MessageSigner;
    readonly bounds?: ImportBounds;
  },
): Promise<ImportResult> {
  const { mode, now, signer, bounds = IMPORT_BOUNDS } = options;
  const { operations, lineNumbers, bad, read } = await readOperations(source, bounds);
  if (mode === 'strict' && bad.count > 0) throw invalid(bad, read);
  const pointerOf = (index: number): string => `line ${lineNumbers[index] ?? 0}`;
  const { result, rejected } = await commitStrictly(mode, () =>
    commitPrepared(database, key, operations, {
      now,
      signer,
      pointerOf,
      bad: mode === 'strict' ? 'fail' : 'skip',
    }),
  );
  for (const { detail } of rejected) bad.add(detail);
  return { ...result, read, rejected: bad.count, errors: bad.named };
}

/** The lines that could not be used: how many, and the first of them. */
class BadLines {
  count = 0;
  #details: readonly ErrorDetail[] = [];

  add(detail: ErrorDetail): void {
    this.count += 1;
    this.#details = [...this.#details, atLine(detail)]
      .toSorted((a, b) => lineOf(a) - lineOf(b))
      .slice(0, MAX_NAMED);
  }

  get named(): readonly ErrorDetail[] {
    return this.#details;
  }
}

interface ReadOperations {
  readonly operations: readonly PreparedOperation[];
  /** The line of each operation. */
  readonly lineNumbers: readonly number[];
  readonly bad: BadLines;
  readonly read: number;
}

async function readOperations(
  source: AsyncIterable<Uint8Array>,
  bounds: ImportBounds,
): Promise<ReadOperations> {
  const operations: PreparedOperation[] = [];
  const lineNumbers: number[] = [];
  const bad = new BadLines();
  let read = 0;
  for await (const line of linesOf(source, bounds)) {
    read += 1;
    // What has arrived is read without waiting: others would wait for all of it.
    if (read % STEPS_AT_ONCE === 0) await nextTurn();
    if (read > bounds.maxLines) {
      throw new TillcastError(
        'request_too_large',
        `The import has more than ${bounds.maxLines} lines: send it in parts. Nothing was changed.`,
      );
    }
    try {
      operations.push(operationOf(line, bounds));
      lineNumbers.push(line.number);
    } catch (error) {
      bad.add(detailOf(line, error));
    }
  }
  return { operations, lineNumbers, bad, read };
}

function operationOf({ bytes }: Line, bounds: ImportBounds): PreparedOperation {
  if (bytes === null) {
    throw new TillcastError('request_invalid', `The line is longer than ${bounds.maxLineBytes} bytes.`);
  }
  const parsed = operationSchema.safeParse(parseJson(bytes, 'The line'));
  if (parsed.success) return prepareOperation(parsed.data);
  const details = detailsOf(parsed.error);
  throw new TillcastError('request_invalid', 'The line is not an operation.', {
    details,
    cause: parsed.error,
  });
}

/** The first thing that is wrong with a line. @throws what is no fault of the line */
function detailOf(line: Line, error: unknown): ErrorDetail {
  const refusal = asTillcastError(error);
  if (refusal.status >= 500) throw refusal;
  const [first] = refusal.details;
  const pointer = `line ${line.number}`;
  if (first === undefined) return { pointer, detail: refusal.message };
  return { pointer: `${pointer}${first.pointer}`, detail: first.detail };
}

/** A detail that points into a line (`line 12/item/price`) names the line alone; the rest goes before its words. */
function atLine({ pointer, detail }: ErrorDetail): ErrorDetail {
  const [, line = pointer, inside = ''] = /^(line \d+)(.*)$/.exec(pointer) ?? [];
  return { pointer: line, detail: inside === '' ? detail : `${inside}: ${detail}` };
}

function lineOf({ pointer }: ErrorDetail): number {
  return Number(pointer.slice('line '.length));
}

/** What only the catalog can say, such as the price of a product that is not there, names its line too. */
async function commitStrictly<T>(mode: 'strict' | 'partial', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refusal = asTillcastError(error);
    if (mode === 'partial' || refusal.details.length === 0 || refusal.status >= 500) throw error;
    const details = refusal.details.slice(0, MAX_NAMED).map(atLine);
    throw new TillcastError('import_invalid', `${summaryOf(details)} Nothing was changed.`, {
      details,
      cause: error,
    });
  }
}

function invalid(bad: BadLines, read: number): TillcastError {
  const details = bad.named;
  const message = `${bad.count} of ${read} lines are not valid. ${summaryOf(details)} Nothing was changed; mend them, or leave them out with mode=partial.`;
  return new TillcastError('import_invalid', message, { details });
}

function summaryOf(details: readonly ErrorDetail[]): string {
  const [first] = details;
  return first === undefined ? '' : `${first.pointer}: ${first.detail.replace(/\.$/, '')}.`;
}
