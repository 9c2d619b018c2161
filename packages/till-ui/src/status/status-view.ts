import type { TerminalState } from '@tillcast/protocol/http/terminal-api';
import type { TerminalStatusWord } from '@tillcast/protocol/replica/status';
import { strings } from '../i18n/strings.ts';

/** What the page knows about itself and the till's server. */
export interface Known {
  /** What the server last said; null before it first did. */
  readonly state: TerminalState | null;
  /** Whether that is recent enough to be shown as true. */
  readonly reachable: boolean;
  /** Whether the page may still be waiting for its first answer. */
  readonly starting: boolean;
  /** Whether what the page shows of the catalog is what the till holds. */
  readonly current: boolean;
}

/** What the chip says. */
export interface StatusView {
  readonly word: TerminalStatusWord;
  readonly label: string;
  /** Why it is not live, in a cashier's words; never empty. */
  readonly reason: string;
  readonly unsentSales: number;
}

/**
 * The chip's words: the till's own, unless the page cannot vouch for them. A till that does not answer, or a
 * page that has not read what the till holds, is never live.
 */
export function statusView(known: Known): StatusView {
  const { state } = known;
  const unsentSales = state?.unsent_sales ?? 0;
  const is = (word: TerminalStatusWord, label: string, reason: string): StatusView => ({
    word,
    label,
    reason,
    unsentSales,
  });
  if (known.starting) return is('catching_up', strings.starting, strings.status.startingReason);
  if (!known.reachable || state === null) {
    return is('needs_attention', labelOf('needs_attention', null), strings.status.programSilent);
  }
  if (state.status === 'live') {
    return known.current
      ? is('live', labelOf('live', state), strings.status.allWell)
      : is('catching_up', labelOf('catching_up', null), strings.status.pageReading);
  }
  return is(
    state.status,
    labelOf(state.status, state),
    strings.status.reason(state.reason_code, state.reason),
  );
}

function labelOf(word: TerminalStatusWord, state: TerminalState | null): string {
  return strings.status.label(word, state?.version ?? null, state?.behind ?? null);
}
