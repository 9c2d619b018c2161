import { type Check, skipped, well } from '../check.ts';

/** What the till on this machine says of itself. */
export const tillRunning: Check = {
  id: 'till.running',
  title: 'The till',
  expected: 'live',
  judge: ({ till }) => {
    if (!till.known) return skipped(till.why);
    const { running } = till.value;
    if (running === null) return skipped('it does not run here, or on another port than PORT says');
    if (running.status === 'live') return well('live');
    const behind = running.behind === null ? '' : ` (${running.behind} behind)`;
    const fault = {
      grade: running.status === 'needs_attention' ? ('failure' as const) : ('warning' as const),
      what: 'status of the till',
      observed: `${running.status}${behind}: ${running.reason}`,
      expected: 'live',
      cause: 'what the till itself says; the checks before say why',
      mend: 'tillcast doctor, on the backend’s machine too',
    };
    return { outcome: 'faulty', faults: [fault] };
  },
};
