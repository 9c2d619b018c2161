import type { Cursor } from '../cursor.ts';
import type { ErrorCode } from '../errors.ts';
import type { ReplicaEffect } from './effect.ts';
import type { EventOf, IncomingChange } from './event.ts';
import { compare } from './order.ts';
import type {
  Applying,
  Claim,
  Following,
  Held,
  Pull,
  Pulling,
  ReplicaContext,
  ReplicaState,
  StateNamed,
  Wait,
} from './state.ts';

/** A decision: the state after an event, and what to do in the world. */
export interface Step {
  readonly state: ReplicaState;
  readonly effects: readonly ReplicaEffect[];
}

/** So many changes are held at most; the delta brings what was let go. */
export const HELD_MAX = 1000;

/** So many deltas may leave a gap open before what is held beyond it is let go. */
const UNFOUNDED_ATTEMPTS = 3;

/** So many times a repair may go without an answer before all is asked for. */
const REPAIR_ATTEMPTS = 3;

/** A refused license begins here on the retry ladder: a person must act before it can go on. */
const REFUSED_RUNG = 7;

const count = (metric: Extract<ReplicaEffect, { effect: 'count' }>['metric']): ReplicaEffect => ({
  effect: 'count',
  metric,
});

/** The held changes with one more; the oldest is let go where there are too many. */
export function hold(
  state: { readonly held: Held },
  change: IncomingChange,
): { readonly held: Held; readonly effects: readonly ReplicaEffect[] } {
  if (state.held.length < HELD_MAX) return { held: [...state.held, change], effects: [] };
  return { held: [...state.held.slice(1), change], effects: [count('held_overflow')] };
}

/** The change among the held ones that comes right after the cursor. */
export function nextHeld(cursor: Cursor | null, held: Held): IncomingChange | undefined {
  return cursor === null ? undefined : held.find((change) => compare(change.to, cursor) === 'next');
}

/** Remember the highest version seen; a new epoch begins its own count. */
export function seen<S extends ReplicaContext>(state: S, at: Cursor): S {
  const { latest } = state;
  if (latest !== null && latest.epoch === at.epoch && latest.version >= at.version) return state;
  return { ...state, latest: { epoch: at.epoch, version: at.version } };
}

/** What an answer teaches in any state: how far the server is, and whether we hold that. */
export function noted<S extends ReplicaContext>(state: S, { server, askedAtMs }: EventOf<'answered'>): S {
  return proven({ ...seen(state, server), claim: { at: server, askedAtMs } });
}

/** A claim that the cursor covers has become the proof. */
function proven<S extends ReplicaContext>(state: S): S {
  const { claim, cursor } = state;
  return claim !== null && cursor !== null && covers(cursor, claim)
    ? { ...state, proof: claim, claim: null }
    : state;
}

function covers(cursor: Cursor, { at }: Claim): boolean {
  const relation = compare(at, cursor);
  return relation === 'behind' || (relation === 'same' && at.digest === cursor.digest);
}

/** Ask the sync API: the delta where we hold something that is not in doubt, else the repair; the snapshot where we hold nothing. */
export function pull(
  state: ReplicaContext,
  held: Held,
  wanted: Pull = 'delta',
  attempt = 0,
  again = false,
): Step {
  const { cursor } = state;
  const next = { name: 'pulling', ...context(state), attempt, again, held } as const;
  if (wanted === 'snapshot' || cursor === null) {
    return { state: { ...next, pull: 'snapshot' }, effects: [{ effect: 'pullSnapshot' }] };
  }
  // A delta on top of what is in doubt would leave the doubt.
  if (wanted === 'repair' || state.suspect) {
    return { state: { ...next, pull: 'repair' }, effects: [{ effect: 'pullRepair' }] };
  }
  return { state: { ...next, pull: 'delta' }, effects: [{ effect: 'pullDelta', since: cursor }] };
}

/** Wait for the ladder's step before the next try. */
export function wait(state: ReplicaContext, how: Wait, held: Held): Step {
  return {
    state: { name: 'waiting', ...context(state), ...how, held },
    effects: [{ effect: 'startRetry', attempt: how.attempt }],
  };
}

/** A question had no answer that can be used. What was held meanwhile waited for it in vain, and is taken. */
export function pullFailed(state: Pulling): Step {
  const attempt = state.attempt + 1;
  // A server that never answers these questions may still have a snapshot to give.
  const asked = state.pull === 'repair' && attempt >= REPAIR_ATTEMPTS ? 'snapshot' : state.pull;
  const how: Wait = { pull: asked, attempt, why: 'unreachable' };
  return prefixed([count('pull_failed')], drain(state, state.held, how));
}

/** What lies in the store was found not to be what the cursor says. */
export function suspected<S extends ReplicaContext>(state: S): S {
  return { ...state, suspect: true, claim: null, proof: null };
}

/** The same where a repair can begin. */
export function contentDiffers(state: ReplicaContext, held: Held): Step {
  return prefixed([count('content_differs')], repair(state, held));
}

/** The same where what is under way must end first, or ends the doubt itself. */
export function contentDiffersMeanwhile<S extends ReplicaState>(state: S): Step {
  return { state: suspected(state), effects: [count('content_differs')] };
}

/** The server said no: the proof is void, and the next try is slow. */
export function refuse(state: ReplicaContext, code: ErrorCode): Step {
  return {
    state: { name: 'refused', ...context(state), claim: null, proof: null, code },
    effects: [{ effect: 'startRetry', attempt: REFUSED_RUNG }],
  };
}

/** A delta arrived; `since` is our cursor, since nothing is applied while a pull is under way. */
export function applyDelta(state: Pulling, { to, rows, askedAtMs }: EventOf<'delta'>): Step {
  const effects: readonly ReplicaEffect[] = [count('delta'), { effect: 'applyRows', rows, target: to }];
  return { state: applyingPulled(state, 'delta', { at: to, askedAtMs }), effects };
}

export function applyRepair(state: Pulling, { to, rows, askedAtMs }: EventOf<'repair'>): Step {
  const effects: readonly ReplicaEffect[] = [{ effect: 'applyRepair', rows, target: to }];
  return { state: applyingPulled(state, 'repair', { at: to, askedAtMs }), effects };
}

export function applySnapshot(state: Pulling, { to, rows, askedAtMs }: EventOf<'snapshot'>): Step {
  const effects: readonly ReplicaEffect[] = [count('snapshot'), { effect: 'replaceAll', rows, target: to }];
  return { state: applyingPulled(state, 'snapshot', { at: to, askedAtMs }), effects };
}

function applyingPulled(state: Pulling, from: Pull, claim: Claim): Applying {
  const { attempt, again, held } = state;
  const known = { ...seen(context(state), claim.at), claim };
  return { name: 'applying', ...known, from, target: claim.at, attempt, again, resume: null, held };
}

/**
 * Take the held changes in order as far as they are contiguous; then follow, wait for what is missing, or ask.
 * @param resume the wait to go back to when all that is next was taken
 */
export function drain(state: ReplicaContext, arrived: Held, resume: Wait | null = null): Step {
  let known = context(state);
  const effects: ReplicaEffect[] = [];
  const held: IncomingChange[] = [];
  let differs = false;
  for (const change of arrived) {
    known = seen(known, change.to);
    const relation = known.cursor === null ? 'ahead' : compare(change.to, known.cursor);
    if (relation === 'same' && change.to.digest !== known.cursor?.digest) differs = true;
    else if (relation === 'behind' || relation === 'same') effects.push(count('stale'));
    else held.push(change);
  }
  if (differs) return prefixed([...effects, count('digest_mismatch')], repair(known, held));

  const next = nextHeld(known.cursor, held);
  if (next !== undefined) return prefixed(effects, applyMessage(known, next, held, resume));
  // A wait for what was missing has ended when nothing is held any more.
  const closed = resume?.why === 'gap' && held.length === 0;
  if (resume !== null && !closed) return prefixed(effects, wait(known, resume, held));
  if (held.length === 0) {
    return known.suspect ? prefixed(effects, pull(known, [])) : { state: following(known), effects };
  }
  const foreign = held.some((change) => change.to.epoch !== known.cursor?.epoch);
  if (foreign) return prefixed([...effects, count('foreign_epoch')], pull(known, held));
  const settling = { name: 'settling', ...known, held } as const;
  return { state: settling, effects: [...effects, count('gap'), { effect: 'startSettling' }] };
}

function applyMessage(state: ReplicaContext, change: IncomingChange, held: Held, resume: Wait | null): Step {
  const { to: target, edits, note } = change;
  if (edits === null) {
    // What cannot be asked for just now is asked for by the ladder, however many changes say that it is there.
    if (resume?.why === 'unreachable') return wait(state, resume, held);
    return pull(state, held, 'delta', resume?.attempt ?? 0);
  }
  const rest = held.filter((other) => other !== change);
  const applying = { name: 'applying', ...context(state), from: 'message', target, attempt: 0 } as const;
  const effects: ReplicaEffect[] = [{ effect: 'applyEdits', edits, target, note }];
  // Without rows it is news of the license itself: what we may do is for the server to say.
  if (edits.length === 0) effects.push({ effect: 'report' });
  return { state: { ...applying, again: false, resume, held: rest }, effects };
}

/** The store committed: the target is our cursor now. */
export function committed(state: Applying): Step {
  const { target, from } = state;
  // The server's own answer says how far its history goes; held changes beyond it raise this again.
  const latest = from === 'message' ? state.latest : { epoch: target.epoch, version: target.version };
  const cured = from === 'repair' || from === 'snapshot';
  const repairs = cured ? state.repairs : 0;
  const suspect = state.suspect && !cured;
  const now = proven({ ...context(state), cursor: target, latest, suspect, repairs });
  const effects = from === 'repair' ? [count('applied'), count('mended')] : [count('applied')];
  if (from === 'message') {
    const next = state.again ? pull(now, state.held) : drain(now, state.held, state.resume);
    return prefixed(effects, next);
  }
  // The server's own answer outranks what was held of another history.
  const held = state.held.filter((change) => change.to.epoch === target.epoch);
  if (state.again) return prefixed(effects, pull(now, held));
  const next = drain(now, held);
  if (next.state.name !== 'settling') return prefixed(effects, next);
  if (state.attempt >= UNFOUNDED_ATTEMPTS) {
    // The server does not have it, however often it is asked: it was never its own. Until a report's answer
    // says so too, the higher version that was heard of keeps the till from calling itself live.
    return prefixed([...effects, count('unfounded'), { effect: 'report' }], {
      state: following(next.state),
      effects: [],
    });
  }
  // Asking did not bring what is missing; asking again at once would be a hot loop.
  const open: Wait = { pull: 'delta', attempt: state.attempt + 1, why: 'gap' };
  return prefixed(effects, wait(next.state, open, next.state.held));
}

/** The commit itself failed (a full disk, say) and nothing was changed; the same is asked for again after a wait. */
export function storeFailed(state: Applying): Step {
  const asked: Pull = state.from === 'message' ? 'delta' : state.from;
  return wait(state, { pull: asked, attempt: state.attempt + 1, why: 'store' }, state.held);
}

/** What would have been committed is not what the server holds, and nothing was changed. */
export function digestDiffers(state: Applying): Step {
  const { from, attempt, held } = state;
  const how: Wait = { pull: 'snapshot', attempt: attempt + 1, why: 'digest' };
  const known = suspected(context(state));
  const next =
    from === 'snapshot'
      ? wait(known, how, held)
      : // What was mended row by row is still not the server's content: all of it is asked for.
        from === 'repair'
        ? pull(known, held, 'snapshot', attempt)
        : repair(state, held);
  return prefixed([count('digest_mismatch')], next);
}

/**
 * Bring the content back: at once and by the rows that differ the first time, by the ladder and the snapshot when
 * it happens in a row.
 */
function repair(state: ReplicaContext, held: Held): Step {
  const known = { ...suspected(context(state)), repairs: state.repairs + 1 };
  const how: Wait = { pull: 'snapshot', attempt: known.repairs, why: 'digest' };
  const next = state.repairs === 0 ? pull(known, held, 'repair') : wait(known, how, held);
  return prefixed([count('repair')], next);
}

/** Judge the server's answer to a report while nothing is under way. */
export function judge(state: Following, event: EventOf<'answered'>): Step {
  const known = noted(state, event);
  const { server, asked } = event;
  if (known.cursor === null || asked === null) return pull(known, []);
  switch (compare(server, asked)) {
    case 'same':
      return server.digest === asked.digest
        ? { state: upToDate(known), effects: [] }
        : prefixed([count('digest_mismatch')], repair(known, []));
    case 'next':
    case 'ahead':
      // Ahead of what we said: its message came since, or is a moment away.
      if (known.claim === null) return { state: upToDate(known), effects: [] };
      return {
        state: { name: 'settling', ...context(known), held: [] },
        effects: [{ effect: 'startSettling' }],
      };
    // Behind what we said, or another history: the server was restored. It decides, by 410 or by a delta.
    case 'behind':
    case 'foreign':
      return pull({ ...context(known), proof: null }, []);
  }
}

/** Nothing is held and the server confirmed: a higher version heard of before was never its own. */
function upToDate(state: Following): Following {
  const { cursor } = state;
  return cursor === null ? state : { ...state, latest: { epoch: cursor.epoch, version: cursor.version } };
}

function context(state: ReplicaContext): ReplicaContext {
  const { cursor, attached, latest, claim, proof, suspect, repairs } = state;
  return { cursor, attached, latest, claim, proof, suspect, repairs };
}

function following(state: ReplicaContext): StateNamed<'following'> {
  return { name: 'following', ...context(state) };
}

function prefixed(effects: readonly ReplicaEffect[], next: Step): Step {
  return { state: next.state, effects: [...effects, ...next.effects] };
}
