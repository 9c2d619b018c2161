import type { Check } from '../check.ts';
import { checkOfFindings } from './from-findings.ts';

/** What bounds the queues of tills. */
export const brokerPolicies: Check = checkOfFindings({
  id: 'broker.policies',
  title: 'Policies',
  expected: 'queues of tills are bounded by tillcast-terminals alone',
  area: 'policies',
  observed: () => 'as provisioned',
  cause: ({ observed }) =>
    observed === 'missing'
      ? 'without it a till that stopped reading fills the broker’s memory'
      : 'of several policies that match RabbitMQ takes one alone: another one puts ours out of force',
});
