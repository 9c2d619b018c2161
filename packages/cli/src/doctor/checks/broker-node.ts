import type { Check } from '../check.ts';
import { checkOfFindings } from './from-findings.ts';

/** Whether the plugins that are needed run, and which doors are open besides. */
export const brokerNode: Check = checkOfFindings({
  id: 'broker.plugins',
  title: 'Plugins and doors',
  expected: 'management and access tokens (rabbitmq_auth_backend_oauth2), TLS towards others, nothing else',
  area: 'node',
  observed: ({ nodes }) =>
    `as they should be on ${nodes.length === 1 ? 'the node' : `${nodes.length} nodes`}`,
  cause: ({ observed, what }) => {
    if (observed === 'not enabled') return 'without rabbitmq_auth_backend_oauth2 no till’s token is taken';
    if (what.startsWith('plugins on')) return 'the node is down, or has just started';
    return 'a door that nobody needs is one that somebody may use';
  },
});
