import { formatAge } from '../format/duration.ts';
import { strings } from '../i18n/strings.ts';

/** How long ago the server was last heard, counting up: `4 s ago`. */
export function lastContactText(lastProofAt: string | null, nowMs: number): string {
  const at = momentOf(lastProofAt);
  if (at === null) return strings.sheet.never;
  // Both times are of this machine's clock; one that was set back makes the age negative.
  return at > nowMs ? strings.sheet.clockDiffers : strings.sheet.ago(formatAge(nowMs - at));
}

/** When the next try is: `in 8 s`; null when none is due. */
export function nextTryText(nextRetryAt: string | null, nowMs: number): string | null {
  const at = momentOf(nextRetryAt);
  if (at === null) return null;
  const seconds = Math.ceil((at - nowMs) / 1_000);
  return seconds <= 0 ? strings.sheet.now : strings.sheet.inTime(formatAge(seconds * 1_000));
}

/** A digest in groups of four, to be read out and compared: `9f3a 04c1 77be 20d5`. */
export function digestText(digest: string): string {
  return (digest.match(/.{1,4}/gu) ?? []).join(' ');
}

function momentOf(moment: string | null): number | null {
  if (moment === null) return null;
  const ms = Date.parse(moment);
  return Number.isNaN(ms) ? null : ms;
}
