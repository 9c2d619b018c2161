import { setTimeout as pause } from 'node:timers/promises';
import type { TillFleet, TillSample } from '@tillcast/testkit/storm';

const LOOK_EVERY_MS = 100;

/** What befell the tills, of what they should be without a break. */
export interface Outages {
  /** How many were not, for longer than a moment. */
  readonly tills: number;
  /** When the last of them was again, by `performance.now()`; null: none was lost. */
  readonly overAtMs: number | null;
}

/** When tills were attached and live, as they say it of themselves: whether that is true is the truth checker's matter. */
export interface WatchedFleet extends AsyncDisposable {
  /** How many are live at this moment. */
  readonly live: () => number;
  /** What ended since it was last asked. */
  readonly take: () => { readonly attached: Outages; readonly live: Outages };
}

/** Follows one thing that tills should be. */
class Follower {
  readonly #isSo: (sample: TillSample) => boolean;
  /** What is shorter is no outage. */
  readonly #blinkMs: number;
  readonly #lostSinceMs = new Map<number, number>();
  readonly #lost = new Set<number>();
  #overAtMs: number | null = null;

  constructor(isSo: (sample: TillSample) => boolean, blinkMs: number) {
    this.#isSo = isSo;
    this.#blinkMs = blinkMs;
  }

  look(states: readonly TillSample[], nowMs: number): void {
    for (const [index, sample] of states.entries()) {
      const sinceMs = this.#lostSinceMs.get(index);
      if (!this.#isSo(sample)) {
        if (sinceMs === undefined) this.#lostSinceMs.set(index, nowMs);
        continue;
      }
      this.#lostSinceMs.delete(index);
      if (sinceMs === undefined || nowMs - sinceMs < this.#blinkMs) continue;
      this.#lost.add(index);
      this.#overAtMs = nowMs;
    }
  }

  take(): Outages {
    const taken = { tills: this.#lost.size, overAtMs: this.#overAtMs };
    this.#lost.clear();
    this.#overAtMs = null;
    return taken;
  }
}

export function watchFleet(fleet: TillFleet): WatchedFleet {
  const stopping = new AbortController();
  let live = 0;
  const attachedOnes = new Follower(({ attached }) => attached, 0);
  // A till that mends a gap is not live for a moment: no failure is meant by that.
  const liveOnes = new Follower(({ status }) => status === 'live', 500);
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const states = await fleet.states();
      live = states.filter(({ status }) => status === 'live').length;
      for (const each of [attachedOnes, liveOnes]) each.look(states, performance.now());
      await pause(LOOK_EVERY_MS);
    }
  };
  const running = run();
  return {
    live: () => live,
    take: () => ({ attached: attachedOnes.take(), live: liveOnes.take() }),
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await running;
    },
  };
}
