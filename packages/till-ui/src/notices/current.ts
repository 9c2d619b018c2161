import type { Notice } from '@tillcast/protocol/http/terminal-api';

/**
 * The notices to show, warnings first, then the newest; without those dismissed. The till leaves out what has
 * expired, by the server's clock, which this page does not have.
 */
export function currentNotices(
  notices: readonly Notice[],
  dismissed: ReadonlySet<string>,
): readonly Notice[] {
  return notices
    .filter((notice) => !dismissed.has(notice.id))
    .sort((a, b) => rank(a) - rank(b) || Date.parse(b.sent_at) - Date.parse(a.sent_at));
}

function rank(notice: Notice): number {
  return notice.severity === 'warning' ? 0 : 1;
}
