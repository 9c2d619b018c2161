import './status-chip.css';
import './status-colors.css';
import type { VNode } from 'preact';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';

/** Always in the same place: icon, word and shape, and the color last. Opens the details. */
export function StatusChip(): VNode {
  const { till, view } = usePage();
  const { word, label, unsentSales } = till.status.value;
  return (
    <button
      type="button"
      class={`chip status-${word}`}
      data-testid="status-chip"
      data-status={word}
      title={strings.status.details}
      aria-haspopup="dialog"
      onClick={() => {
        till.forgetSync();
        view.sheet.value = { is: 'status' };
      }}
    >
      <span class="status-mark">
        <Icon name={word} />
      </span>
      <span class="chip-label figures">{label}</span>
      {unsentSales === 0 ? null : (
        <span class="chip-unsent figures" data-testid="unsent">
          {strings.status.unsent(unsentSales)}
        </span>
      )}
    </button>
  );
}
