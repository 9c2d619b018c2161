import type { Check } from '../check.ts';
import { checkOfFindings } from './from-findings.ts';

/** Who may do what at the broker: the publisher, the guardian, and nobody else. */
export const brokerUsers: Check = checkOfFindings({
  id: 'broker.permissions',
  title: 'Permissions',
  expected: 'the publisher publishes changes and broadcasts, and nobody else may do anything',
  area: 'users',
  observed: () => 'as provisioned',
  cause: ({ what, observed }) => {
    if (what.startsWith('topic permission') && observed.startsWith('missing')) {
      return 'RabbitMQ lets a user without a topic permission use any routing key: whoever has this login reaches every license';
    }
    if (what.startsWith('topic permission') || what.startsWith('permission')) {
      return 'somebody changed it by hand: too little, and nothing is published; too much, and its login opens more than it must';
    }
    return 'it was not provisioned, or added by hand; an operator’s own user is named with --known-user';
  },
});
