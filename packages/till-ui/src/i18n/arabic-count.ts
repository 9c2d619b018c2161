import { plural } from './numbers.ts';

/** A counted noun in Arabic: one, two, a few, many, and the rest. */
export function arabicCount(
  count: number,
  [one, two, few, many, other]: readonly [string, string, string, string, string],
): string {
  return plural('ar', count, { one, two, few: `# ${few}`, many: `# ${many}`, other: `# ${other}` });
}
