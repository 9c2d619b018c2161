import { type AuditArea, type Finding, shellWord } from '@tillcast/broker';
import { type Check, type Fault, skipped, verdictOf } from '../check.ts';
import type { BrokerFacts } from '../facts/facts.ts';

type ReachedBroker = Extract<BrokerFacts, { readonly reached: true }>;

/** What a check makes of the audit's findings. */
export interface FindingsCheck extends Omit<Check, 'judge'> {
  readonly area: AuditArea;
  /** Which of the area's findings it is about; left out: all. */
  readonly about?: (finding: Finding) => boolean;
  readonly cause: (finding: Finding) => string;
  readonly observed: (broker: ReachedBroker) => string;
  readonly mend?: (finding: Finding, broker: ReachedBroker) => string | null;
}

/** A check over what `tillcast broker audit` finds in one area. */
export function checkOfFindings(check: FindingsCheck): Check {
  const { area, about = (): boolean => true, cause, observed, mend, id, title, expected } = check;
  return {
    id,
    title,
    expected,
    judge: ({ broker }) => {
      if (!broker.known) return skipped(broker.why);
      const { value } = broker;
      if (!value.reached) return skipped('the management API does not answer');
      const faults = value.findings[area].filter(about).map(
        (finding): Fault => ({
          grade: 'failure',
          what: finding.what,
          observed: finding.observed,
          expected: finding.expected,
          cause: cause(finding),
          mend: mend?.(finding, value) ?? mendIn(finding, value),
        }),
      );
      return verdictOf(faults, observed(value));
    },
  };
}

function mendIn({ mend }: Finding, { vhost }: ReachedBroker): string {
  return mend === 'tillcast broker provision' && vhost !== '/' ? `${mend} --vhost ${shellWord(vhost)}` : mend;
}
