import './header.css';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { StatusChip } from '../status/status-chip.tsx';
import { strings } from '../strings.ts';
import { Icon } from '../ui/icon.tsx';
import { usePage } from './context.ts';
import { SearchBox } from './search-box.tsx';

/** Which till this is, the search, and how it stands with the server. */
export function Header(): VNode {
  const { till, view } = usePage();
  const state = till.state.value;
  const name = state?.terminal_name ?? '';
  useEffect(() => {
    if (name !== '') document.title = name;
  }, [name]);
  return (
    <header class="head">
      <div class="head-till">
        <p class="head-name" dir="auto" data-testid="terminal-name">
          {name}
        </p>
        <p class="head-license" title={`${strings.license} ${state?.license_key ?? ''}`}>
          {state?.license_key}
        </p>
      </div>
      <SearchBox />
      <div class="head-end">
        <StatusChip />
        <button
          type="button"
          class="head-activity"
          aria-label={strings.activity.open}
          data-testid="open-activity"
          onClick={() => {
            view.sheet.value = { is: 'activity' };
          }}
        >
          <Icon name="activity" size={24} />
        </button>
      </div>
    </header>
  );
}
