import { setTimeout as sleep } from 'node:timers/promises';

/** Time as this package sees it: injected wherever a wait is decided, so that tests decide it. */
export interface Clock {
  /** Milliseconds that only ever grow; the origin means nothing. */
  now(): number;
  /** Resolves after `durationMs`, or rejects with the signal's reason once it aborts. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (durationMs, signal) => {
    await sleep(durationMs, undefined, { signal });
  },
};
