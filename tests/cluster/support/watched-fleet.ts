import { setTimeout as pause } from 'node:timers/promises';
import type { TillFleet } from '@tillcast/testkit/storm';

const LOOK_EVERY_MS = 100;
/** A till that mends a gap is not live for a moment: no failure is meant by that. */
const BLINK_MS = 500;

/** What befell the tills. */
export interface Outages {
  /** How many were not live for longer than a moment. */
  readonly tills: number;
  /** When the last of them was live again, by `performance.now()`; null: none was lost. */
  readonly overAtMs: number | null;
}

/** When tills were live, as they say it of themselves: whether that is true is the truth checker's matter. */
export interface WatchedFleet extends AsyncDisposable {
  /** How many are live at this moment. */
  readonly live: () => number;
  /** The outages that ended since it was last asked. */
  readonly take: () => Outages;
}

export function watchFleet(fleet: TillFleet): WatchedFleet {
  const stopping = new AbortController();
  let live = 0;
  const lostSinceMs = new Map<number, number>();
  const lost = new Set<number>();
  let overAtMs: number | null = null;
  const look = async (): Promise<void> => {
    const states = await fleet.states();
    const nowMs = performance.now();
    live = 0;
    for (const [index, { status }] of states.entries()) {
      if (status !== 'live') {
        if (!lostSinceMs.has(index)) lostSinceMs.set(index, nowMs);
        continue;
      }
      live += 1;
      const sinceMs = lostSinceMs.get(index);
      lostSinceMs.delete(index);
      if (sinceMs === undefined || nowMs - sinceMs < BLINK_MS) continue;
      lost.add(index);
      overAtMs = nowMs;
    }
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look();
      await pause(LOOK_EVERY_MS);
    }
  };
  const running = run();
  return {
    live: () => live,
    take: () => {
      const taken = { tills: lost.size, overAtMs };
      lost.clear();
      overAtMs = null;
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await running;
    },
  };
}
