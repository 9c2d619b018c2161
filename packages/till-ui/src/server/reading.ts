/** An answer of the till's server that is not what it should be. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws UnreadableAnswer unless the value is an object */
export function fieldsOf(value: unknown, what: string): Fields {
  if (isFields(value)) return value;
  throw new UnreadableAnswer(`${what} is not an object.`);
}

/** @throws UnreadableAnswer unless the field is a list */
export function listIn(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (Array.isArray(value)) return value;
  throw new UnreadableAnswer(`${name} is not a list.`);
}

/** @throws UnreadableAnswer unless the field is a text */
export function textIn(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw new UnreadableAnswer(`${name} is not a text.`);
}

/** @throws UnreadableAnswer unless the field is a finite number */
export function numberIn(fields: Fields, name: string): number {
  const value = numberOrNullIn(fields, name);
  if (value !== null) return value;
  throw new UnreadableAnswer(`${name} is not a number.`);
}

export function textOrNullIn(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' ? value : null;
}

export function numberOrNullIn(fields: Fields, name: string): number | null {
  const value = fields[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** The value, if it is one of the keys of the table. */
export function keyOf<K extends string>(table: Readonly<Record<K, unknown>>, value: unknown): K | null {
  const isKey = (text: string): text is K => Object.hasOwn(table, text);
  return typeof value === 'string' && isKey(value) ? value : null;
}
