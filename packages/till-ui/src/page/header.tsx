import './header.css';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { strings } from '../i18n/strings.ts';
import { StatusChip } from '../status/status-chip.tsx';
import { Icon } from '../ui/icon.tsx';
import { usePage } from './context.ts';
import { SearchBox } from './search-box.tsx';

/** Which till this is, the search, and how it stands with the server. */
export function Header(): VNode {
  const { till, counter, view } = usePage();
  const state = till.state.value;
  const name = state?.terminal_name ?? '';
  const isNew = counter.setup.value?.state === 'needed';
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
      {counter.locked.value || isNew ? null : <SearchBox />}
      <div class="head-end">
        {isNew ? null : <StatusChip />}
        <button
          type="button"
          class="head-menu"
          aria-label={strings.menu.open}
          data-testid="open-menu"
          aria-haspopup="dialog"
          onClick={() => {
            view.sheet.value = { is: 'menu' };
          }}
        >
          <Icon name="menu" size={26} />
        </button>
      </div>
    </header>
  );
}
