import type { VNode } from 'preact';
import { usePage } from '../page/context.ts';
import { strings } from '../strings.ts';

/** Says a changed status to screen readers: the word and why, not each version. */
export function StatusAnnouncer(): VNode {
  const { word, reason, label } = usePage().till.status.value;
  const said = label === strings.starting ? label : strings.status.word[word];
  return (
    <p class="unseen" role="status" data-testid="status-announcer">
      {strings.status.announce(said, word === 'live' ? '' : reason)}
    </p>
  );
}
