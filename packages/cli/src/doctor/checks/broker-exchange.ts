import { shellWord } from '@tillcast/broker';
import type { Check } from '../check.ts';
import { checkOfFindings } from './from-findings.ts';

const MISSING = 'missing';

/** Whether the exchange and its virtual host are there, and of the right kind. */
export const brokerExchange: Check = checkOfFindings({
  id: 'broker.exchange',
  title: 'Exchange',
  expected: 'a durable topic exchange pos_license_events',
  area: 'exchange',
  observed: ({ exchange, vhost }) => `${exchange} in ${vhost}`,
  cause: ({ observed }) =>
    observed === MISSING
      ? 'this virtual host was not provisioned, or somebody deleted it: no change reaches a till but by its own questions'
      : 'another program declared it: an exchange of another type delivers by other rules than the license’s, to nobody or to everybody',
  mend: ({ observed }, { exchange, vhost }) =>
    observed === MISSING
      ? null
      : `rabbitmqadmin --vhost=${shellWord(vhost)} delete exchange name=${exchange} && tillcast broker provision --vhost ${shellWord(vhost)}`,
});
