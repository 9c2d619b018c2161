import '../notices/strip.css';
import '../status/status-colors.css';
import type { VNode } from 'preact';
import { strings } from '../i18n/strings.ts';
import { Icon } from '../ui/icon.tsx';
import { usePage } from './context.ts';

/** What the till refused last, and why. It goes with the next thing that works. */
export function TroubleStrip(): VNode {
  const { counter } = usePage();
  const words = counter.trouble.value;
  return (
    <section role="alert">
      {words === null ? null : (
        <div class="strip status-needs_attention" data-testid="trouble">
          <span class="status-mark">
            <Icon name="needs_attention" size={18} />
          </span>
          <p class="strip-text" dir="auto">
            {words}
          </p>
          <button type="button" class="strip-dismiss" onClick={() => counter.forgetTrouble()}>
            {strings.notices.dismiss}
          </button>
        </div>
      )}
    </section>
  );
}
