import type { VNode } from 'preact';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';

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
