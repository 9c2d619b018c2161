import './setup-page.css';
import type { VNode } from 'preact';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';

/** While the first catalog comes: how much of it is here. */
export function FirstLoad(): VNode {
  const { till } = usePage();
  const text = strings.setup;
  const state = till.state.value;
  const loading = state?.loading ?? null;
  const words = loading === null || loading.bytes === 0 ? text.connecting : text.loadingBytes(loading.bytes);
  return (
    <main class="setup" data-testid="first-load">
      <div class="setup-inside">
        <h1 class="setup-title">{text.loading}</h1>
        <progress class="setup-progress" aria-label={text.loading} />
        <p class="setup-intro figures" role="status" dir="auto">
          {words}
        </p>
      </div>
    </main>
  );
}
