import { TillcastError } from '@tillcast/protocol/errors';
import { rowOf } from '@tillcast/protocol/items/item';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import { type Currency, isCurrency, toMinor } from '@tillcast/protocol/money';
import { type Operation, operationSchema } from '@tillcast/protocol/operation';
import { detailsOf } from '@tillcast/protocol/validation';
import { categoryColor } from './category-colors.ts';
import { type CsvMapping, mapRow, planMapping } from './csv-mapping.ts';
import { slugOf } from './slug.ts';
import type { SourceRow } from './source-row.ts';

/** What a CSV file is read with. */
export interface CsvOptions {
  readonly kind: ItemKind;
  readonly map: readonly string[];
  readonly currency: Currency | undefined;
  /** Told once what was decided from the header. */
  readonly onMapping?: (mapping: CsvMapping) => void;
}

/** Operations of one source row as JSON texts. A product may bring its category with it. */
export type OperationRow = SourceRow<readonly string[]>;

/** The rows of a CSV file as operations, each checked as the server will check it. */
export async function* operationsOfCsv(
  rows: AsyncIterable<SourceRow<readonly string[]>>,
  options: CsvOptions,
): AsyncGenerator<OperationRow> {
  let mapping: CsvMapping | null = null;
  const categories = new Set<string>();
  for await (const row of rows) {
    if ('bad' in row) {
      yield row;
      continue;
    }
    if (mapping === null) {
      mapping = planMapping(options.kind, row.value, options);
      options.onMapping?.(mapping);
      continue;
    }
    const { value, line } = row;
    const plan = mapping;
    yield checked(line, () => csvOperations(plan, value, categories));
  }
}

function csvOperations(mapping: CsvMapping, cells: readonly string[], categories: Set<string>): string[] {
  const { item, categoryName } = mapRow(mapping, cells);
  const product = putText(mapping.kind, item);
  if (categoryName === null) return [product];
  const id = slugOf(categoryName);
  if (categories.has(id)) return [product];
  const index = categories.size;
  const category = { id, name: categoryName, color: categoryColor(index), sort_order: index };
  const put = putText('category', category);
  categories.add(id);
  return [put, product];
}

/**
 * The rows of a JSON lines file as operations. A row is an operation (`{"op":"put",…}`), or an item of
 * `kind` as it stands.
 */
export async function* operationsOfJson(
  rows: AsyncIterable<SourceRow<unknown>>,
  kind: ItemKind,
): AsyncGenerator<OperationRow> {
  for await (const row of rows) {
    yield 'bad' in row ? row : checked(row.line, () => [jsonOperation(row.value, kind)]);
  }
}

function jsonOperation(value: unknown, kind: ItemKind): string {
  if (typeof value !== 'object' || value === null || !('op' in value)) return putText(kind, value);
  return JSON.stringify(checkedOperation(value));
}

/**
 * An operation of outside data, checked as the server will check it.
 * @throws TillcastError `request_invalid`, `item_invalid` or `price_invalid`
 */
export function checkedOperation(value: unknown): Operation {
  const parsed = operationSchema.safeParse(value);
  if (!parsed.success) {
    const details = detailsOf(parsed.error);
    const first = details[0];
    throw new TillcastError(
      'request_invalid',
      `This is not an operation: ${first?.pointer ?? ''} ${first?.detail ?? ''}.`,
      { details, cause: parsed.error },
    );
  }
  const operation = parsed.data;
  if (operation.op === 'put') rowOf(operation.kind, operation.item);
  if (operation.op === 'set_price' && isCurrency(operation.currency)) {
    toMinor(operation.price, operation.currency);
  }
  return operation;
}

function putText(kind: ItemKind, item: unknown): string {
  const { body } = rowOf(kind, item);
  // The canonical text as it is: parsing it only to write it anew would double the work of a large import.
  return `{"op":"put","kind":"${kind}","item":${body}}`;
}

function checked(line: number, make: () => readonly string[]): OperationRow {
  try {
    return { line, value: make() };
  } catch (error) {
    if (!(error instanceof TillcastError)) throw error;
    const reason = error.details.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ');
    return { line, bad: reason === '' ? error.message : reason };
  }
}
