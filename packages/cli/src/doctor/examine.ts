import type { Check, Fault } from './check.ts';
import type { Facts } from './facts/facts.ts';

/** How a check ended: as the gravest of its faults. */
export type CheckStatus = 'well' | 'warning' | 'failure' | 'skipped';

/** What one check came to. */
export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly status: CheckStatus;
  readonly expected: string;
  /** What was seen; of one that was skipped, why. */
  readonly observed: string;
  readonly faults: readonly Fault[];
}

/** What all checks came to. */
export interface Examination {
  /** ISO 8601, by this machine's clock. */
  readonly at: string;
  readonly status: Exclude<CheckStatus, 'skipped'>;
  readonly checks: readonly CheckResult[];
}

/** Judges the facts. @param only the ids of checks, or the first parts of ids; none: all checks */
export function examine(facts: Facts, checks: readonly Check[], only: readonly string[]): Examination {
  const results = checks.filter(({ id }) => isChosen(id, only)).map((check) => resultOf(check, facts));
  const gravest = (status: CheckStatus): boolean => results.some((result) => result.status === status);
  return {
    at: facts.at.toISOString(),
    status: gravest('failure') ? 'failure' : gravest('warning') ? 'warning' : 'well',
    checks: results,
  };
}

/** Whether a check is among those that were asked for: `broker` means all that begin with `broker.`. */
export function isChosen(id: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((each) => id === each || id.startsWith(`${each}.`));
}

function resultOf({ id, title, expected, judge }: Check, facts: Facts): CheckResult {
  const verdict = judge(facts);
  const head = { id, title, expected };
  if (verdict.outcome === 'skipped') return { ...head, status: 'skipped', observed: verdict.why, faults: [] };
  if (verdict.outcome === 'well') return { ...head, status: 'well', observed: verdict.observed, faults: [] };
  const { faults } = verdict;
  const status = faults.some(({ grade }) => grade === 'failure') ? 'failure' : 'warning';
  const observed = faults.map((fault) => `${fault.what}: ${fault.observed}`).join('; ');
  return { ...head, status, observed, faults };
}
