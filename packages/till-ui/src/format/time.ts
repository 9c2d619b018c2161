import { locale } from '../i18n/locale.ts';

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The time of day of an ISO 8601 moment, to the second: `12:04:31`; null when it is no moment. */
export function formatTimeOfDay(moment: string, timeZone?: string): string | null {
  const ms = Date.parse(moment);
  if (Number.isNaN(ms)) return null;
  const key = `${locale.value ?? ''} ${timeZone ?? ''}`;
  let clock = clocks.get(key);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat(locale.value, {
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      ...(timeZone === undefined ? {} : { timeZone }),
    });
    clocks.set(key, clock);
  }
  return clock.format(ms);
}

/** Milliseconds from one ISO 8601 moment to another; null when either is none. Negative when clocks differ. */
export function msBetween(from: string | null, to: string | null): number | null {
  if (from === null || to === null) return null;
  const ms = Date.parse(to) - Date.parse(from);
  return Number.isNaN(ms) ? null : ms;
}

/** The time of day of an ISO 8601 moment, to the minute; empty when it is no moment. */
export function formatShortTime(moment: string): string {
  return formatMoment(moment, { hour: '2-digit', minute: '2-digit' });
}

/** Date and time of an ISO 8601 moment, as receipts have them; empty when it is no moment. */
export function formatDateTime(moment: string): string {
  return formatMoment(moment, { dateStyle: 'medium', timeStyle: 'short' });
}

function formatMoment(moment: string, options: Intl.DateTimeFormatOptions): string {
  const ms = Date.parse(moment);
  if (Number.isNaN(ms)) return '';
  const key = `${locale.value ?? ''} ${JSON.stringify(options)}`;
  let format = clocks.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale.value, options);
    clocks.set(key, format);
  }
  return format.format(ms);
}
