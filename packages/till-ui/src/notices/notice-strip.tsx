import './strip.css';
import '../status/status-colors.css';
import type { VNode } from 'preact';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';
import { currentNotices } from './current.ts';

/** What the vendor has to say to every till: one at a time, the next after it is dismissed. */
export function NoticeStrip(): VNode {
  const { till, view } = usePage();
  const all = till.state.value?.notices ?? [];
  const notices = currentNotices(all, view.dismissed.value);
  const [notice] = notices;
  const text = strings.notices;
  return (
    <section aria-label={text.label} aria-live="polite">
      {notice === undefined ? null : (
        <div
          class={`strip ${notice.severity === 'warning' ? 'status-offline' : 'status-catching_up'}`}
          data-testid="notice"
          data-severity={notice.severity}
        >
          <span class="status-mark">
            <Icon name={notice.severity} />
          </span>
          <p class="strip-text">
            <strong>{text[notice.severity]}:</strong> <bdi>{notice.message}</bdi>
          </p>
          {notices.length === 1 ? null : (
            <span class="strip-position figures">{text.position(1, notices.length)}</span>
          )}
          <button type="button" class="strip-dismiss" onClick={() => view.dismiss(notice.id)}>
            {text.dismiss}
          </button>
        </div>
      )}
    </section>
  );
}
