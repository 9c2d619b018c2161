import { stripVTControlCharacters } from 'node:util';

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
      .map((cell, index) => {
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
