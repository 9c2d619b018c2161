import { TillcastError } from '@tillcast/protocol/errors';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import { type Currency, isCurrency, toDecimal } from '@tillcast/protocol/money';
import { quoted, usageError } from '../input/parse.ts';
import { slugOf } from './slug.ts';

/** How the columns of one CSV file become items of one kind. Made once from its header. */
export interface CsvMapping {
  readonly kind: ItemKind;
  /** Which column each target is read from. */
  readonly columns: ReadonlyMap<string, number>;
  /** For prices whose row names none. */
  readonly currency: Currency | undefined;
  /** Columns of the file that nothing is read from. */
  readonly unused: readonly string[];
}

/** What one row says: the item as an operator writes it, and the category it names, if it names one. */
export interface MappedRow {
  readonly item: Readonly<Record<string, unknown>>;
  readonly categoryName: string | null;
}

type Reader = 'text' | 'number' | 'boolean' | 'list';

/** The fields of each kind that a cell can hold. A modifier's options are a table of their own: JSON lines only. */
const FIELDS: Readonly<Record<Exclude<ItemKind, 'modifier'>, Readonly<Record<string, Reader>>>> = {
  product: {
    id: 'text',
    name: 'text',
    price: 'number',
    currency: 'text',
    category_id: 'text',
    barcode: 'text',
    tax_percent: 'number',
    modifier_ids: 'list',
    available: 'boolean',
    sort_order: 'number',
  },
  category: { id: 'text', name: 'text', color: 'text', sort_order: 'number' },
  table: { id: 'text', name: 'text', area: 'text', seats: 'number', sort_order: 'number' },
  user: { id: 'text', name: 'text', role: 'text', pin_hash: 'text', active: 'boolean' },
};

/** Targets that are no fields: an integer price in minor units, and a category by its name. */
const PRODUCT_EXTRAS = ['price_minor', 'category'];

/** Headings that say a target in other words. */
const SYNONYMS: Readonly<Record<string, string>> = {
  sku: 'id',
  product_id: 'id',
  title: 'name',
  description: 'name',
  price_pence: 'price_minor',
  price_cents: 'price_minor',
  category_name: 'category',
  ean: 'barcode',
  gtin: 'barcode',
  vat_percent: 'tax_percent',
};

/**
 * Decides which column is what: by `--map target=column`, else by headings that are targets or their synonyms.
 * @throws TillcastError `usage` when the map names what is not there, or what every item needs is missing
 */
export function planMapping(
  kind: ItemKind,
  header: readonly string[],
  options: { readonly map: readonly string[]; readonly currency: Currency | undefined },
): CsvMapping {
  if (kind === 'modifier') {
    throw usageError(
      'Modifiers cannot be imported from CSV, since each has a list of options: use JSON lines.',
    );
  }
  const headings = header.map((heading) => heading.trim());
  const targets = [...Object.keys(FIELDS[kind]), ...(kind === 'product' ? PRODUCT_EXTRAS : [])];
  const columns = new Map<string, number>();
  for (const [index, heading] of headings.entries()) {
    const lower = heading.toLowerCase();
    const target = targets.includes(lower) ? lower : SYNONYMS[lower];
    if (target !== undefined && targets.includes(target) && !columns.has(target)) columns.set(target, index);
  }
  for (const pair of options.map) applyPair(pair, headings, targets, columns);
  const pence = headings[columns.get('price_minor') ?? -1]?.toLowerCase() === 'price_pence';
  const currency = options.currency ?? (pence && isCurrency('GBP') ? 'GBP' : undefined);
  const mapping: CsvMapping = {
    kind,
    columns,
    currency: currency !== undefined && isCurrency(currency) ? currency : undefined,
    unused: headings.filter((_, index) => ![...columns.values()].includes(index)),
  };
  requireTargets(mapping, headings);
  return mapping;
}

function applyPair(
  pair: string,
  headings: readonly string[],
  targets: readonly string[],
  columns: Map<string, number>,
): void {
  const at = pair.indexOf('=');
  const target = pair.slice(0, at).trim();
  const heading = pair.slice(at + 1).trim();
  if (at < 1 || heading === '') throw usageError(`--map is written as field=column, and is ${quoted(pair)}.`);
  if (!targets.includes(target)) {
    throw usageError(`--map cannot fill ${quoted(target)}; it can fill ${targets.join(', ')}.`);
  }
  const index = headings.indexOf(heading);
  if (index < 0) {
    throw usageError(
      `--map names the column ${quoted(heading)}; the file has ${headings.map(quoted).join(', ')}.`,
    );
  }
  // One column feeds one target: what was guessed of it is taken back.
  for (const [other, taken] of columns) if (taken === index) columns.delete(other);
  if (target === 'price') columns.delete('price_minor');
  if (target === 'price_minor') columns.delete('price');
  columns.set(target, index);
}

function requireTargets(mapping: CsvMapping, headings: readonly string[]): void {
  const has = (target: string): boolean => mapping.columns.has(target);
  const missing = ['id', 'name'].filter((target) => !has(target));
  if (mapping.kind === 'product') {
    if (!has('price') && !has('price_minor')) missing.push('price');
    if (missing.length === 0 && !has('currency') && mapping.currency === undefined) {
      throw usageError('The file does not say the currency of its prices: give --currency, such as GBP.');
    }
  }
  if (missing.length === 0) return;
  throw usageError(
    `The file has no column for ${missing.join(', ')}: name it with --map, as in --map ${missing[0]}=${quoted(headings[0] ?? 'column')}. It has ${headings.map(quoted).join(', ')}.`,
  );
}

/**
 * One row as an item.
 * @throws TillcastError `item_invalid` or `price_invalid` when a cell is not what its field needs
 */
export function mapRow(mapping: CsvMapping, cells: readonly string[]): MappedRow {
  const item: Record<string, unknown> = {};
  const fields: Readonly<Record<string, Reader>> = mapping.kind === 'modifier' ? {} : FIELDS[mapping.kind];
  for (const [target, index] of mapping.columns) {
    const reader = fields[target];
    const cell = (cells[index] ?? '').trim();
    // An empty cell says nothing: the field takes its default.
    if (reader !== undefined && cell !== '') item[target] = readCell(reader, target, cell);
  }
  if (mapping.kind !== 'product') return { item, categoryName: null };
  if (item['currency'] === undefined && mapping.currency !== undefined) item['currency'] = mapping.currency;
  const minor = cellOf(mapping, cells, 'price_minor');
  if (minor !== null) item['price'] = priceOfMinor(minor, item['currency']);
  const categoryName = cellOf(mapping, cells, 'category');
  if (categoryName !== null && item['category_id'] === undefined) item['category_id'] = slugOf(categoryName);
  return { item, categoryName };
}

function cellOf(mapping: CsvMapping, cells: readonly string[], target: string): string | null {
  const index = mapping.columns.get(target);
  const cell = index === undefined ? '' : (cells[index] ?? '').trim();
  return cell === '' ? null : cell;
}

function readCell(reader: Reader, target: string, cell: string): unknown {
  switch (reader) {
    case 'text':
      return cell;
    case 'list':
      return cell.split('|').map((each) => each.trim());
    case 'number':
      if (/^-?\d+(\.\d+)?$/.test(cell)) return Number(cell);
      throw invalid(target, `${quoted(cell)} is not a plain number, such as 2.95`);
    case 'boolean':
      if (/^(true|yes|1)$/i.test(cell)) return true;
      if (/^(false|no|0)$/i.test(cell)) return false;
      throw invalid(target, `${quoted(cell)} is neither true nor false`);
  }
}

function priceOfMinor(cell: string, currency: unknown): number {
  if (!/^\d{1,15}$/.test(cell)) {
    throw invalid('price', `${quoted(cell)} is not a whole number of the currency's smallest unit`);
  }
  if (!isCurrency(currency)) throw invalid('currency', 'must be an ISO 4217 code in use, for example GBP');
  return toDecimal(Number(cell), currency);
}

function invalid(target: string, detail: string): TillcastError {
  return new TillcastError('item_invalid', `${target}: ${detail}`, {
    details: [{ pointer: `/${target}`, detail }],
  });
}
