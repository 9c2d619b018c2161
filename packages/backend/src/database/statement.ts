/** A row as a driver hands it out: `int8` is a number, `timestamptz` a Date, on both engines. */
export type RawRow = Readonly<Record<string, unknown>>;

/** What may be bound to a `$n`. An array becomes a PostgreSQL array. */
export type SqlValue =
  | string
  | number
  | boolean
  | Date
  | null
  | readonly (string | number | boolean | Date | null)[];

/** One SQL statement, prepared once per connection under its name, with the type of the rows it gives. */
export interface Statement<Row> {
  /** Unique among all statements of the program. */
  readonly name: string;
  readonly text: string;
  readonly decode: (raw: RawRow) => Row;
}

/** Reads one column's value. */
export type Column<Value> = (value: unknown, column: string) => Value;

/** A statement whose rows have these columns. A row that does not is a fault of ours: the decoder throws. */
export function statement<Row extends object>(
  name: string,
  text: string,
  columns: { readonly [K in keyof Row]: Column<Row[K]> },
): Statement<Row> {
  const readers = Object.entries(columns) as [string, Column<unknown>][];
  return {
    name,
    text,
    decode: (raw) => {
      const row: Record<string, unknown> = {};
      for (const [column, read] of readers) row[column] = read(raw[column], column);
      // The readers are keyed by Row's own columns, each giving that column's type.
      return row as Row;
    },
  };
}

/** A statement that gives no rows. */
export function command(name: string, text: string): Statement<Record<never, never>> {
  return statement(name, text, {});
}

export const textColumn: Column<string> = (value, column) => {
  if (typeof value === 'string') return value;
  throw unexpected(column, 'text', value);
};

/** An `int2`, `int4` or `int8` within the range where a number is exact. */
export const integerColumn: Column<number> = (value, column) => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw unexpected(column, 'a safe integer', value);
};

export const numberColumn: Column<number> = (value, column) => {
  if (typeof value === 'number') return value;
  throw unexpected(column, 'a number', value);
};

export const booleanColumn: Column<boolean> = (value, column) => {
  if (typeof value === 'boolean') return value;
  throw unexpected(column, 'a boolean', value);
};

/** A `timestamptz`, cut to milliseconds. */
export const instantColumn: Column<Date> = (value, column) => {
  if (value instanceof Date) return value;
  throw unexpected(column, 'a point in time', value);
};

/** A text column of which the program knows more than the database says: `check` is a type guard. */
export function checkedColumn<Value extends string>(
  what: string,
  check: (value: unknown) => value is Value,
): Column<Value> {
  return (value, column) => {
    if (check(value)) return value;
    throw unexpected(column, what, value);
  };
}

export function nullable<Value>(column: Column<Value>): Column<Value | null> {
  return (value, name) => (value === null ? null : column(value, name));
}

function unexpected(column: string, wanted: string, value: unknown): TypeError {
  return new TypeError(
    `Column ${column} should be ${wanted}, but is ${value === null ? 'null' : typeof value}.`,
  );
}
