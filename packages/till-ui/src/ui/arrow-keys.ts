/** What arrow keys move in. */
export interface KeyField {
  readonly count: number;
  /** 1 for a list. */
  readonly columns: number;
  /** Rows that a page key moves by. */
  readonly pageRows: number;
  readonly rightToLeft: boolean;
}

/** Where a key moves the focus to, from an index; null when the key is none of movement. Stays within. */
export function indexAfterKey(key: string, index: number, field: KeyField): number | null {
  const step = stepOf(key, field);
  if (step === null || field.count === 0) return null;
  if (step === 'first') return 0;
  if (step === 'last') return field.count - 1;
  const next = index + step;
  if (Math.abs(step) === 1 && field.columns > 1) return clamp(next, field.count);
  // A move by rows that leaves the grid ends in its first or last row, below or above where it began.
  if (next < 0) return index % field.columns;
  if (next >= field.count) {
    const lastRow = Math.floor((field.count - 1) / field.columns) * field.columns;
    return index >= lastRow ? index : clamp(lastRow + (index % field.columns), field.count);
  }
  return next;
}

function stepOf(key: string, field: KeyField): number | 'first' | 'last' | null {
  const forward = field.rightToLeft ? -1 : 1;
  switch (key) {
    case 'ArrowRight':
      return forward;
    case 'ArrowLeft':
      return -forward;
    case 'ArrowDown':
      return field.columns;
    case 'ArrowUp':
      return -field.columns;
    case 'PageDown':
      return field.columns * field.pageRows;
    case 'PageUp':
      return -field.columns * field.pageRows;
    case 'Home':
      return 'first';
    case 'End':
      return 'last';
    default:
      return null;
  }
}

function clamp(index: number, count: number): number {
  return Math.min(Math.max(index, 0), count - 1);
}
