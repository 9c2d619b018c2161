/** How often the till's server is asked for its state, whether or not it has said something by itself. */
export const ASK_INTERVAL_MS = 1_000;
/** An answer that takes longer is none: a stopped process keeps its sockets open. */
export const ASK_TIMEOUT_MS = 1_500;
/** Silence longer than this, and nothing that was said before may be shown as true. */
export const SILENCE_MAX_MS = 2_500;

const EVENTS_RETRY_FIRST_MS = 250;
const EVENTS_RETRY_MAX_MS = 5_000;

/**
 * Whether what the till's server last said may still be shown as true.
 * @param heardAtMs when it last said something, by the clock of `nowMs`; null when never
 */
export function isReachable(heardAtMs: number | null, nowMs: number): boolean {
  if (heardAtMs === null) return false;
  const silenceMs = nowMs - heardAtMs;
  return silenceMs >= 0 && silenceMs <= SILENCE_MAX_MS;
}

/** How long to wait before the event stream is opened again, after so many failures in a row (from 1). */
export function eventsRetryDelayMs(failures: number): number {
  return Math.min(EVENTS_RETRY_FIRST_MS * 2 ** Math.max(0, failures - 1), EVENTS_RETRY_MAX_MS);
}
