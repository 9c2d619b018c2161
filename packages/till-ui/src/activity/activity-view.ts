import type { Activity } from '@tillcast/protocol/http/terminal-api';
import { formatDuration } from '../format/duration.ts';
import { formatMoney } from '../format/money.ts';
import { formatTimeOfDay, msBetween } from '../format/time.ts';
import { strings } from '../i18n/strings.ts';

/** How many lines the page keeps. */
export const ACTIVITY_MAX = 200;

/** One line of the log in words. */
export interface ActivityView {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly version: string | null;
  readonly prices: { readonly old: string | null; readonly new: string } | null;
  readonly committedAt: string | null;
  /** Null when it did not come as a message. */
  readonly receivedAt: string | null;
  readonly appliedAt: string | null;
  /** From commit to here; null when the commit is not known. */
  readonly took: string | null;
}

/** @param productName of the product that it is about, if that is in the catalog now */
export function activityView(activity: Activity, productName: string | null): ActivityView {
  const { kind, version } = activity;
  const prices = pricesOf(activity);
  // A changed price is shown by itself: the summary would say it twice.
  const isPriceChange = kind === 'product' && prices !== null && prices.old !== null;
  const tookMs = msBetween(activity.committed_at, activity.applied_at);
  return {
    id: activity.id,
    type: typeText(activity.type),
    title: (isPriceChange ? productName : null) ?? activity.summary,
    version: version === null ? null : strings.activity.version(version),
    prices,
    committedAt: activity.committed_at === null ? null : formatTimeOfDay(activity.committed_at),
    receivedAt: activity.received_at === null ? null : formatTimeOfDay(activity.received_at),
    appliedAt: formatTimeOfDay(activity.applied_at),
    took: tookMs === null ? null : tookMs < 0 ? strings.activity.clocksDiffer : formatDuration(tookMs),
  };
}

function typeText(type: string): string {
  const words: Readonly<Record<string, string>> = strings.activity.type;
  return words[type] ?? type;
}

function pricesOf(activity: Activity): ActivityView['prices'] {
  const { new_price: price, old_price: oldPrice, currency } = activity;
  if (price === null || currency === null || price === oldPrice) return null;
  return {
    old: oldPrice === null ? null : formatMoney(oldPrice, currency),
    new: formatMoney(price, currency),
  };
}

/** The log with lines added: newest first, each once, bounded. */
export function withActivities(log: readonly Activity[], added: readonly Activity[]): readonly Activity[] {
  const byId = new Map([...log, ...added].map((activity) => [activity.id, activity] as const));
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, ACTIVITY_MAX);
}
