import type { ReplicaEffect } from './effect.ts';
import type { EventOf, EventType, ReplicaEvent } from './event.ts';
import {
  applyDelta,
  applyRepair,
  applySnapshot,
  committed,
  contentDiffers,
  contentDiffersMeanwhile,
  digestDiffers,
  drain,
  hold,
  judge,
  nextHeld,
  noted,
  pull,
  pullFailed,
  refuse,
  type Step,
  seen,
  storeFailed,
} from './moves.ts';
import type { ReplicaState, StateName, StateNamed, Waiting } from './state.ts';

export type { Step } from './moves.ts';

type Cell<S extends StateName, E extends EventType> = (state: StateNamed<S>, event: EventOf<E>) => Step;
/** Total: a state or an event without its cell does not compile. */
type Table = { readonly [S in StateName]: { readonly [E in EventType]: Cell<S, E> } };

/** The replica's one decision function: pure, and total over states and events (SPEC R1). */
export function step(state: ReplicaState, event: ReplicaEvent): Step {
  // Indexed by the tags of both unions at once, which the compiler cannot follow: the cell found is the pair's own.
  const cell: unknown = TABLE[state.name][event.type];
  return (cell as (state: ReplicaState, event: ReplicaEvent) => Step)(state, event);
}

const stay = (state: ReplicaState, ...effects: readonly ReplicaEffect[]): Step => ({ state, effects });

/** The event means nothing in this state: an answer that came too late, or a timer that was stopped. */
const ignored = (state: ReplicaState): Step => stay(state);

const detached = <S extends ReplicaState>(state: S): Step => stay({ ...state, attached: false });

const after = (effect: ReplicaEffect, next: Step): Step => ({
  state: next.state,
  effects: [effect, ...next.effects],
});
const settledNow = (next: Step): Step => after({ effect: 'stopSettling' }, next);
/** The gap is the one that was open before: its wait goes on, or changes that come fast would prolong it for ever. */
const stillSettling = ({ state, effects }: Step): Step =>
  stay(state, ...effects.filter(({ effect }) => effect !== 'startSettling'));
/** The wait is the one that was under way: its timer goes on. */
const stillWaiting = ({ state, effects }: Step): Step =>
  stay(state, ...effects.filter(({ effect }) => effect !== 'startRetry'));
const retriedNow = (next: Step): Step => after({ effect: 'stopRetry' }, next);
const repull = (state: Waiting): Step => pull(state, state.held, state.pull, state.attempt);

const TABLE: Table = {
  following: {
    started: (state) => pull(state, []),
    attached: (state) => pull({ ...state, attached: true }, []),
    detached,
    message: (state, { change }) => drain(state, [change]),
    delta: ignored,
    repair: ignored,
    repairGivenUp: ignored,
    snapshot: ignored,
    historyGone: ignored,
    pullFailed: ignored,
    refused: (state, { code }) => refuse(state, code),
    applied: ignored,
    applyFailed: ignored,
    settled: ignored,
    retryDue: ignored,
    answered: judge,
    contentDiffers: (state) => contentDiffers(state, []),
    syncRequested: (state) => pull(state, []),
  },

  settling: {
    started: ignored,
    attached: (state) => settledNow(pull({ ...state, attached: true }, state.held)),
    detached,
    message: (state, { change }) => {
      const { held, effects } = hold(state, change);
      const drained = drain(state, held);
      const next = drained.state.name === 'settling' ? stillSettling(drained) : settledNow(drained);
      return { state: next.state, effects: [...effects, ...next.effects] };
    },
    delta: ignored,
    repair: ignored,
    repairGivenUp: ignored,
    snapshot: ignored,
    historyGone: ignored,
    pullFailed: ignored,
    refused: (state, { code }) => settledNow(refuse(state, code)),
    applied: ignored,
    applyFailed: ignored,
    settled: (state) => pull(state, state.held),
    retryDue: ignored,
    answered: (state, event) => stay(noted(state, event)),
    contentDiffers: (state) => settledNow(contentDiffers(state, state.held)),
    syncRequested: (state) => settledNow(pull(state, state.held)),
  },

  pulling: {
    started: ignored,
    // The question may have been asked before our queue was bound: what fell between is asked for again.
    attached: (state) => stay({ ...state, attached: true, again: true }),
    detached,
    message: (state, { change }) => {
      const { held, effects } = hold(state, change);
      return stay({ ...seen(state, change.to), held }, ...effects);
    },
    delta: applyDelta,
    repair: applyRepair,
    repairGivenUp: (state) => pull(state, state.held, 'snapshot', state.attempt, state.again),
    snapshot: applySnapshot,
    historyGone: (state) => pull(state, state.held, 'snapshot', state.attempt, state.again),
    pullFailed,
    refused: (state, { code }) => refuse(state, code),
    applied: ignored,
    applyFailed: ignored,
    settled: ignored,
    retryDue: ignored,
    answered: (state, event) => stay(noted(state, event)),
    contentDiffers: (state) =>
      state.pull === 'delta' ? contentDiffers(state, state.held) : contentDiffersMeanwhile(state),
    syncRequested: ignored,
  },

  applying: {
    started: ignored,
    attached: (state) => stay({ ...state, attached: true, again: true }),
    detached,
    message: (state, { change }) => {
      const { held, effects } = hold(state, change);
      return stay({ ...seen(state, change.to), held }, ...effects);
    },
    delta: ignored,
    repair: ignored,
    repairGivenUp: ignored,
    snapshot: ignored,
    historyGone: ignored,
    pullFailed: ignored,
    // The commit is under way and its outcome must be known; the server will say no again.
    refused: ignored,
    applied: committed,
    applyFailed: (state, { reason }) => (reason === 'store' ? storeFailed(state) : digestDiffers(state)),
    settled: ignored,
    retryDue: ignored,
    answered: (state, event) => stay(noted(state, event)),
    contentDiffers: (state) => contentDiffersMeanwhile({ ...state, again: true }),
    syncRequested: (state) => stay({ ...state, again: true }),
  },

  waiting: {
    started: ignored,
    attached: (state) => retriedNow(repull({ ...state, attached: true })),
    detached,
    // Contiguity is proven by the version alone: while the API is away, the broker's messages still count.
    message: (state, { change }) => {
      const { held, effects } = hold(state, change);
      const mayApply = state.why === 'unreachable' || state.why === 'gap';
      if (!mayApply || nextHeld(state.cursor, held) === undefined) {
        return stay({ ...seen(state, change.to), held }, ...effects);
      }
      const { pull: asked, attempt, why } = state;
      const drained = drain(state, held, { pull: asked, attempt, why });
      const next =
        drained.state.name === 'waiting' && drained.state.why === why
          ? stillWaiting(drained)
          : retriedNow(drained);
      return { state: next.state, effects: [...effects, ...next.effects] };
    },
    delta: ignored,
    repair: ignored,
    repairGivenUp: ignored,
    snapshot: ignored,
    historyGone: ignored,
    pullFailed: ignored,
    refused: (state, { code }) => retriedNow(refuse(state, code)),
    applied: ignored,
    applyFailed: ignored,
    settled: ignored,
    retryDue: repull,
    // The server answers again: no need to wait the step out. Where something else failed, the ladder stands.
    answered: (state, event) => {
      const known = noted(state, event);
      return state.why === 'unreachable' ? retriedNow(repull(known)) : stay(known);
    },
    contentDiffers: contentDiffersMeanwhile,
    syncRequested: (state) => retriedNow(repull(state)),
  },

  refused: {
    started: ignored,
    attached: (state) => stay({ ...state, attached: true }),
    detached,
    // What the server refuses is not taken from the broker either. A change without rows is news of the
    // license itself: ask again now.
    message: (state, { change }) => {
      const known = seen(state, change.to);
      return change.edits?.length === 0 ? retriedNow(pull(known, [])) : stay(known);
    },
    delta: ignored,
    repair: ignored,
    repairGivenUp: ignored,
    snapshot: ignored,
    historyGone: ignored,
    pullFailed: ignored,
    refused: (state, { code }) => stay({ ...state, code }),
    applied: ignored,
    applyFailed: ignored,
    settled: ignored,
    retryDue: (state) => pull(state, []),
    answered: (state) => retriedNow(pull(state, [])),
    contentDiffers: contentDiffersMeanwhile,
    syncRequested: (state) => retriedNow(pull(state, [])),
  },
};
