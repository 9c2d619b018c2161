import { PROOF_MAX_AGE_MS } from '@tillcast/protocol/replica/status';
import type { ServerTruth, TrueHistory } from './server-truth.ts';

/** What a till says of itself, as far as it is judged. */
export interface ToldState {
  readonly status: string;
  readonly epoch: string | null;
  readonly version: number | null;
}

/** Holds that a till's version never goes back within a history. */
export class OrderJudge {
  readonly #held = new Map<string, { readonly epoch: string; readonly version: number }>();

  /** What is wrong with it; null for nothing. */
  judge(name: string, { epoch, version }: ToldState): string | null {
    const before = this.#held.get(name);
    if (epoch === null || version === null) {
      this.#held.delete(name);
      return null;
    }
    this.#held.set(name, { epoch, version });
    return before?.epoch === epoch && before.version > version
      ? `${name} went back from version ${before.version} to ${version} of ${epoch}.`
      : null;
  }
}

/**
 * What is wrong with a till that says "live": a version that was committed longer before it was asked than a proof
 * lasts, and that it lacks. Null for nothing.
 * @param askedAtMs no later than it answered, by `performance.now()`
 */
export function falseLive(
  truth: ServerTruth,
  till: { readonly name: string; readonly licenseKey: string },
  state: ToldState,
  askedAtMs: number,
  proofMaxAgeMs: number = PROOF_MAX_AGE_MS,
): string | null {
  const history = truth.now(till.licenseKey);
  if (history === null) return null;
  const lacks = lacking(history, state, askedAtMs - proofMaxAgeMs);
  if (lacks === null) return null;
  const forMs = Math.round(performance.now() - lacks.knownAtMs);
  return `${till.name} says "live", and the server has had ${lacks.what} for ${forMs} ms.\n  till: ${JSON.stringify(state)}`;
}

function lacking(
  history: TrueHistory,
  { epoch, version }: ToldState,
  provenFromMs: number,
): { readonly what: string; readonly knownAtMs: number } | null {
  if (epoch !== history.epoch) {
    const { knownAtMs } = history;
    return knownAtMs < provenFromMs ? { what: `epoch ${history.epoch}`, knownAtMs } : null;
  }
  const due = history.order.findLast(({ knownAtMs }) => knownAtMs < provenFromMs);
  if (due === undefined || (version ?? -1) >= due.version) return null;
  return { what: `version ${due.version}`, knownAtMs: due.knownAtMs };
}
