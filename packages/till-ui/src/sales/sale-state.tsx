import './sale-state.css';
import '../status/status-colors.css';
import type { VNode } from 'preact';
import type { SaleState } from '../counter/shapes.ts';
import { strings } from '../i18n/strings.ts';
import { Icon, type IconName } from '../ui/icon.tsx';

const MARKS: Readonly<Record<SaleState, { readonly icon: IconName; readonly tint: string }>> = {
  saved: { icon: 'offline', tint: 'status-offline' },
  sending: { icon: 'catching_up', tint: 'status-catching_up' },
  accepted: { icon: 'check', tint: 'status-live' },
  rejected: { icon: 'needs_attention', tint: 'status-needs_attention' },
};

/** Where a sale stands: its drawing, its word, and the color last. */
export function SaleStateWord({ state }: { readonly state: SaleState }): VNode {
  const { icon, tint } = MARKS[state];
  return (
    <span class={`sale-state ${tint}`} data-testid="sale-state" data-state={state}>
      <span class="status-mark">
        <Icon name={icon} size={16} />
      </span>
      {strings.sales.state[state]}
    </span>
  );
}
