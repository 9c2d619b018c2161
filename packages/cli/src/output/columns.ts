import { stripVTControlCharacters } from 'node:util';

/** What would have a shell write the rest of a line backwards; a name may hold it. */
const BIDI_CONTROLS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/**
 * Rows as aligned columns, two spaces apart, without a box; each row ends in a newline. A column whose
 * cells (below the head) are all numbers stands to the right. Colors in a cell do not count as width.
 */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = head.length === 0 ? rows : [head, ...rows];
  const count = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, index) =>
    Math.max(0, ...all.map((row) => widthOf(row[index] ?? ''))),
  );
  const numeric = widths.map((_, index) =>
    rows.every((row) => /^[\d,.]*$/.test(stripVTControlCharacters(row[index] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((text, index) => {
        const cell = text.replaceAll(BIDI_CONTROLS, '\uFFFD');
        const padding = ' '.repeat((widths[index] ?? 0) - widthOf(cell));
        return numeric[index] === true ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return all.map((row) => `${line(row)}\n`).join('');
}

function widthOf(cell: string): number {
  return Array.from(stripVTControlCharacters(cell)).length;
}
