import type { Check } from '../check.ts';
import { checkOfFindings } from './from-findings.ts';

/** Which ways messages go. */
export const brokerRouting: Check = checkOfFindings({
  id: 'broker.bindings',
  title: 'Bindings',
  expected: 'each till’s queue by its own license, and by broadcasts',
  area: 'routing',
  observed: () => 'no other way out',
  cause: ({ what }) =>
    what.startsWith('binding') || what.startsWith('bindings')
      ? 'somebody with more rights than a till made it: its reader gets what is another license’s'
      : 'it was left behind or switched on by hand, and messages can be read there',
});
