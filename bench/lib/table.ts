import type { Result, Unit } from './measure.ts';

/** The results as aligned columns: medians of both sides, the ratio's spread, and whether the goal was met. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map(({ what, unit, productMs, floorMs, ratio, maxRatio, met, operations }) => [
    met ? '✓ met' : '✗ short',
    `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
    `≤ ${maxRatio}`,
    amountOf(productMs.median, unit),
    amountOf(floorMs.median, unit),
    operations === null || operations === 0 ? '' : `${Math.round((operations / productMs.median) * 1000)}/s`,
    what,
  ]);
  const head = ['goal', 'ratio', 'at most', 'product', 'floor', 'rate', 'product / floor'];
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? title.length)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function amountOf(value: number, unit: Unit): string {
  return `${value < 10 ? value.toFixed(2) : Math.round(value)} ${unit}`;
}
