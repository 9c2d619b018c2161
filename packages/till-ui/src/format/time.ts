const clocks = new Map<string, Intl.DateTimeFormat>();

/** The time of day of an ISO 8601 moment, to the second: `12:04:31`; null when it is no moment. */
export function formatTimeOfDay(moment: string, timeZone?: string): string | null {
  const ms = Date.parse(moment);
  if (Number.isNaN(ms)) return null;
  const key = timeZone ?? '';
  let clock = clocks.get(key);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-GB', {
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
