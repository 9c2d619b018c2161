/** Edges of the categories' tiles that an import makes up: apart in hue and lightness, none of them glaring. */
const PALETTE = [
  '#0B6B63',
  '#B4532A',
  '#3D5A98',
  '#8A6D1D',
  '#7A3E6E',
  '#4F7A28',
  '#A33B4A',
  '#2E7D9A',
  '#6B5B95',
  '#9A6A4F',
  '#5B7065',
  '#C08A2E',
] as const;

/** The color of the nth category of a file, from 0; after twelve they begin anew. */
export function categoryColor(index: number): string {
  return PALETTE[index % PALETTE.length] ?? PALETTE[0];
}
