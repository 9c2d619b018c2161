import { behindOf, type ReplicaState } from './state.ts';

/** The four words of the status chip. */
export const TERMINAL_STATUS_WORDS = ['live', 'catching_up', 'offline', 'needs_attention'] as const;

export type TerminalStatusWord = (typeof TERMINAL_STATUS_WORDS)[number];

/** A proof older than this, by the steady clock, proves nothing any more. */
export const PROOF_MAX_AGE_MS = 20_000;

/** What may be said of a till, and why it is not more. */
export interface TerminalStatusNow {
  readonly status: TerminalStatusWord;
  readonly behind: number | null;
  /** Of the error catalog, or what the till waits for; null when live. */
  readonly reason: StatusReason | null;
}

export type StatusReason =
  | 'no_catalog_yet'
  | 'server_silent'
  | 'broker_detached'
  | 'behind'
  | 'working'
  | 'unsent_sales'
  | 'store_failing'
  | 'content_differs'
  | 'refused';

/**
 * What the till may truthfully say (P6). `live` is a proof, never a hope: attached, nothing under way, at or
 * beyond the version that the server confirmed no longer than PROOF_MAX_AGE_MS ago, what lies in the store not
 * in doubt, and no sale waiting.
 * @param nowMs by the clock of the claims' `askedAtMs`
 */
export function statusOf(state: ReplicaState, nowMs: number, unsentSales: number): TerminalStatusNow {
  const behind = behindOf(state);
  const is = (status: TerminalStatusWord, reason: StatusReason): TerminalStatusNow => ({
    status,
    behind,
    reason,
  });

  if (state.name === 'refused') return is('needs_attention', 'refused');
  if (state.name === 'waiting' && state.why === 'store') return is('needs_attention', 'store_failing');
  if (state.name === 'waiting' && state.why === 'digest') return is('needs_attention', 'content_differs');

  const workingNow = (state.name === 'pulling' && state.attempt === 0) || state.name === 'applying';
  if (state.suspect && !workingNow) return is('needs_attention', 'content_differs');

  const proofAgeMs = state.proof === null ? Infinity : nowMs - state.proof.askedAtMs;
  // A negative age is by a clock that is not steady: it proves nothing either.
  const proven = proofAgeMs >= 0 && proofAgeMs <= PROOF_MAX_AGE_MS;
  if (!proven) {
    if (workingNow) return is('catching_up', state.cursor === null ? 'no_catalog_yet' : 'working');
    return is('offline', 'server_silent');
  }
  if (state.cursor === null) return is('catching_up', 'no_catalog_yet');
  if (behind === null || behind > 0) return is('catching_up', 'behind');
  if (state.name !== 'following') return is('catching_up', 'working');
  if (!state.attached) return is('catching_up', 'broker_detached');
  if (unsentSales > 0) return is('catching_up', 'unsent_sales');
  return { status: 'live', behind: 0, reason: null };
}
