import { matches } from './audit-users.ts';
import type { BrokerState } from './broker-state.ts';
import type { DesiredBroker } from './desired-broker.ts';
import { policyText } from './desired-lines.ts';
import { type Finding, shellWord } from './finding.ts';

/** A terminal's queue as an example of all of them. */
const SAMPLE_QUEUE = 'terminal.00000000-0000-4000-8000-000000000000.sample';

/**
 * Policies that are not ours and reach what is ours: of several that match a queue or an exchange RabbitMQ
 * takes one alone, so another can put ours out of force, and one on the exchange can send messages elsewhere.
 */
export function auditPolicies(state: BrokerState, desired: DesiredBroker): readonly Finding[] {
  const ours = desired.policies.map(({ name }) => name);
  const { vhost, exchange } = desired;
  const reaches = ({ pattern, applyTo }: BrokerState['policies'][number]): boolean =>
    (!applyTo.includes('queues') && matches(pattern, exchange.name)) ||
    (applyTo !== 'exchanges' && matches(pattern, SAMPLE_QUEUE));
  return [
    ...state.policies
      .filter((policy) => !ours.includes(policy.name) && reaches(policy))
      .map((policy) => ({
        what: `policy ${policy.name}`,
        expected: `none but ${ours.join(', ')} on ${exchange.name} and on queues of terminals`,
        observed: policyText(policy),
        mend: `rabbitmqctl clear_policy -p ${shellWord(vhost)} ${shellWord(policy.name)}`,
      })),
    ...state.operatorPolicies.filter(reaches).map((policy) => ({
      what: `operator policy ${policy.name}`,
      expected: 'none on queues of terminals',
      observed: policyText(policy),
      mend: `rabbitmqctl clear_operator_policy -p ${shellWord(vhost)} ${shellWord(policy.name)}`,
    })),
  ];
}
