import '../notices/strip.css';
import './status-colors.css';
import type { VNode } from 'preact';
import { formatTimeOfDay } from '../format/time.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';

/** One line while the till is offline or needs attention. It says so and is in nobody's way. */
export function ConnectionBanner(): VNode | null {
  const { till, counter } = usePage();
  const { word, reason } = till.status.value;
  // A till that is being set up says so on its whole page.
  if (counter.setup.value?.state === 'needed' && till.reachable.value) return null;
  if (word === 'live' || word === 'catching_up') return null;
  return (
    <section
      class={`strip status-${word}`}
      aria-label={strings.status.details}
      data-testid="connection-banner"
    >
      <span class="status-mark">
        <Icon name={word} size={18} />
      </span>
      <p class="strip-text" dir="auto">
        {textOf(word, till.reachable.value, reason, till.state.value?.last_proof_at ?? null)}
      </p>
    </section>
  );
}

function textOf(
  word: 'offline' | 'needs_attention',
  reachable: boolean,
  reason: string,
  lastProofAt: string | null,
): string {
  if (!reachable) return strings.banner.programSilent;
  if (word === 'needs_attention') return reason;
  return strings.banner.offline(lastProofAt === null ? null : formatTimeOfDay(lastProofAt));
}
