import type { Notice } from '@tillcast/protocol/http/terminal-api';

/** The notices to show, warnings first, then the newest; without those dismissed or expired. */
export function currentNotices(
  notices: readonly Notice[],
  dismissed: ReadonlySet<string>,
  nowMs: number,
): readonly Notice[] {
  return notices
    .filter((notice) => !dismissed.has(notice.id) && !isExpired(notice, nowMs))
    .sort((a, b) => rank(a) - rank(b) || Date.parse(b.sent_at) - Date.parse(a.sent_at));
}

function isExpired(notice: Notice, nowMs: number): boolean {
  return Date.parse(notice.expires_at) <= nowMs;
}

function rank(notice: Notice): number {
  return notice.severity === 'warning' ? 0 : 1;
}
