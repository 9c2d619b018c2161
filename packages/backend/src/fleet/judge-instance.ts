import type { TillInstance } from '@tillcast/protocol/http/status-api';

/** Which copies of a terminal's data were heard. */
export interface HeardInstance {
  /** The one that spoke last. */
  readonly id: string;
  readonly starts: number;
  /** The starts that spoke, the newest first. */
  readonly runs: readonly string[];
  /** When two copies last spoke as one; null: never. */
  readonly clonedAt: Date | null;
}

/** What a report's instance means. */
export interface InstanceJudgement {
  readonly heard: HeardInstance;
  /** It begins here: two copies speak as one terminal, or an old copy speaks again. */
  readonly isNews: boolean;
}

/** So many starts are remembered. With more copies than this, still some would be heard again by and by. */
export const RUNS_KEPT = 8;

/** So long after two copies were heard a terminal counts as cloned: then whoever speaks is it, alone. */
export const CLONED_FOR_MS = 600_000;

/** Whether two copies spoke as one so lately that the terminal counts as cloned. */
export function isCloned(clonedAt: Date | null, at: Date): boolean {
  return clonedAt !== null && at.getTime() - clonedAt.getTime() < CLONED_FOR_MS;
}

/** Whether it is the very start that spoke last, so that there is nothing to judge. */
export function isSameRun(before: HeardInstance | null, said: TillInstance): boolean {
  if (before === null) return false;
  return before.runs[0] === said.run && before.id === said.id && before.starts === said.starts;
}

/**
 * A till that is started again on its data counts one start more, and one whose data was made anew has an id that
 * nobody had: both go on. A start that was followed by another and speaks again, and a start whose count the
 * server has seen before, come from a copy. Whoever spoke last counts as the terminal either way.
 */
export function judgeInstance(before: HeardInstance | null, said: TillInstance, at: Date): InstanceJudgement {
  const { id, starts, run } = said;
  if (before === null) return { heard: { id, starts, runs: [run], clonedAt: null }, isNews: false };
  const speaksAgain = before.runs.indexOf(run) > 0;
  const wentBack = before.runs[0] !== run && id === before.id && starts <= before.starts;
  const isCopy = speaksAgain || wentBack;
  const runs = [run, ...before.runs.filter((each) => each !== run)].slice(0, RUNS_KEPT);
  const clonedAt = isCopy ? at : before.clonedAt;
  return { heard: { id, starts, runs, clonedAt }, isNews: isCopy && !isCloned(before.clonedAt, at) };
}
