import type { Check } from '../check.ts';
import { checkOfFindings } from './from-findings.ts';

/** The virtual host and how much it takes. */
export const brokerHost: Check = checkOfFindings({
  id: 'broker.host',
  title: 'Virtual host',
  expected: 'there, with limits of connections and queues',
  area: 'host',
  observed: ({ vhost }) => vhost,
  cause: ({ what }) =>
    what.startsWith('limit')
      ? 'without it one client can use up the broker; too small a limit turns tills away (--max-connections says how many there are)'
      : 'it was not provisioned, or AMQP_URL names another one',
});
