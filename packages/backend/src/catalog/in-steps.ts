import { setImmediate as nextTurn } from 'node:timers/promises';

/** A computation that pauses now and then, and comes to a result. */
export type Steps<Result> = Generator<undefined, Result>;

/** Steps of a long computation between two pauses: some milliseconds of work at most. */
export const STEPS_AT_ONCE = 256;

/** Runs a computation in one go. */
export function inOneGo<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

/** Runs a computation and, at each of its pauses, lets all else that waits have its turn. */
export async function inTurns<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
    await nextTurn();
  }
}
