import type { Cursor } from '../cursor.ts';

/** How a position relates to what we hold. `foreign`: of another history, so not comparable. */
export type Relation = 'behind' | 'same' | 'next' | 'ahead' | 'foreign';

type Position = Pick<Cursor, 'epoch' | 'version'>;

/** The relation of `other` to `ours`, by epoch and version alone. */
export function compare(other: Position, ours: Position): Relation {
  if (other.epoch !== ours.epoch) return 'foreign';
  if (other.version < ours.version) return 'behind';
  if (other.version === ours.version) return 'same';
  return other.version === ours.version + 1 ? 'next' : 'ahead';
}
