import type { Facts } from './facts/facts.ts';

/** One thing that is not as it should be. */
export interface Fault {
  /** `warning`: it works, and will not for long, or not in every case. */
  readonly grade: 'warning' | 'failure';
  readonly what: string;
  readonly observed: string;
  readonly expected: string;
  /** What probably brought it about, or what follows from it. */
  readonly cause: string;
  /** A line to type; where there is none, what to do. */
  readonly mend: string;
}

/** What a check makes of the facts. */
export type Verdict =
  | { readonly outcome: 'well'; readonly observed: string }
  | { readonly outcome: 'skipped'; readonly why: string }
  | { readonly outcome: 'faulty'; readonly faults: readonly Fault[] };

/** One check: pure, facts in and a verdict out. */
export interface Check {
  /** `broker.exchange`: for `--only`, and for programs. */
  readonly id: string;
  readonly title: string;
  readonly expected: string;
  readonly judge: (facts: Facts) => Verdict;
}

export function well(observed: string): Verdict {
  return { outcome: 'well', observed };
}

export function skipped(why: string): Verdict {
  return { outcome: 'skipped', why };
}

/** Faulty, or well where there are no faults. */
export function verdictOf(faults: readonly Fault[], observed: string): Verdict {
  return faults.length === 0 ? well(observed) : { outcome: 'faulty', faults };
}
