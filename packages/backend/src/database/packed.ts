/**
 * Lists of texts travel to the database as one text with a separator, unpacked there by
 * `string_to_array($n, U&'\001F', '')`: a driver's array literal escapes every quote of every body, which
 * for 100,000 rows took longer than the database's own work. U+001F cannot occur in what is packed: ids and
 * kinds hold no control characters, and JSON escapes them.
 */
const SEPARATOR = '\u001F';

/** The list as one text. Null comes out as NULL; so would an empty text, which therefore must not occur. */
export function packed(list: readonly (string | null)[]): string {
  return list.map((each) => each ?? '').join(SEPARATOR);
}

/** SQL that unpacks parameter `$n` to `text[]`. */
export function unpackedSql(parameter: `$${number}`): string {
  return `string_to_array(${parameter}::text, U&'\\001F', '')`;
}
