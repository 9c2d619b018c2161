/** A tile's least width, its height, and the gap between tiles, in CSS pixels. */
export const TILE_MIN_WIDTH = 176;
export const TILE_HEIGHT = 104;
export const TILE_GAP = 8;

const OVERSCAN_ROWS = 2;

/** How the tiles lie in a grid of some width. */
export interface GridLayout {
  readonly columns: number;
  readonly tileWidth: number;
  /** Height of all rows together. */
  readonly height: number;
}

/** The tiles to draw, `end` not included. */
export interface GridWindow {
  readonly start: number;
  readonly end: number;
}

export function layoutOf(count: number, width: number): GridLayout {
  const columns = Math.max(1, Math.floor((width + TILE_GAP) / (TILE_MIN_WIDTH + TILE_GAP)));
  const rows = Math.ceil(count / columns);
  return {
    columns,
    tileWidth: (width - (columns - 1) * TILE_GAP) / columns,
    height: Math.max(0, rows * (TILE_HEIGHT + TILE_GAP) - TILE_GAP),
  };
}

/** The tiles in sight and some rows more, whole rows always: as few as keep a fast scroll from showing blanks. */
export function windowOf(
  count: number,
  columns: number,
  scrollTop: number,
  viewportHeight: number,
): GridWindow {
  const rowHeight = TILE_HEIGHT + TILE_GAP;
  const firstRow = Math.max(0, Math.floor(scrollTop / rowHeight) - OVERSCAN_ROWS);
  const endRow = Math.max(0, Math.ceil((scrollTop + viewportHeight) / rowHeight) + OVERSCAN_ROWS);
  return { start: Math.min(count, firstRow * columns), end: Math.min(count, endRow * columns) };
}

/** Where a tile lies, from the grid's block and inline start. */
export function placeOf(
  index: number,
  layout: Pick<GridLayout, 'columns' | 'tileWidth'>,
): { readonly block: number; readonly inline: number } {
  return {
    block: Math.floor(index / layout.columns) * (TILE_HEIGHT + TILE_GAP),
    inline: (index % layout.columns) * (layout.tileWidth + TILE_GAP),
  };
}

/** The nearest scroll position at which the tile is wholly in sight. */
export function scrollTopFor(
  index: number,
  columns: number,
  scrollTop: number,
  viewportHeight: number,
): number {
  const top = Math.floor(index / columns) * (TILE_HEIGHT + TILE_GAP);
  if (top < scrollTop) return top;
  const bottom = top + TILE_HEIGHT;
  return bottom > scrollTop + viewportHeight ? bottom - viewportHeight : scrollTop;
}
