import type { Logger } from '@tillcast/broker';
import { asTillcastError } from '@tillcast/protocol/errors';
import { scanContent } from '../store/scan-content.ts';
import type { TillStore } from '../store/till-store.ts';
import type { Counters } from './counters.ts';
import type { TillClock } from './till-clock.ts';

export interface ScrubberOptions {
  readonly store: TillStore;
  readonly clock: TillClock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly counters: Counters;
  readonly logger: Logger;
  /** Whether nothing is under way that has to do with the catalog. */
  readonly isIdle: () => boolean;
  /** The rows as they lie on the disk are not those of the cursor. */
  readonly onDiffers: () => void;
}

/** Between one reading and the next. */
const EVERY_MS = { min: 300_000, max: 600_000 };
/** Where the till was busy, or the catalog changed while it was read. */
const SOON_MS = { min: 15_000, max: 30_000 };
/** Between two slices, so that nobody waits for a reading that nobody asked for. */
const PAUSE_MS = 25;

/**
 * Reads what lies on the disk every so often, while nothing else is to do, and compares it with what the cursor
 * says: a disk that forgets tells nobody, and no message would show it. (At the start the store itself does so.)
 */
export class Scrubber {
  readonly #options: ScrubberOptions;
  readonly #stopping = new AbortController();
  #callOff: () => void = () => undefined;
  #running: Promise<void> | null = null;

  constructor(options: ScrubberOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(EVERY_MS);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#callOff();
    await this.#running;
  }

  #schedule({ min, max }: { readonly min: number; readonly max: number }): void {
    const { clock, random } = this.#options;
    this.#callOff = clock.after(min + random() * (max - min), () => {
      this.#running = this.#scrub().then((isDone) => {
        this.#running = null;
        if (!this.#stopping.signal.aborted) this.#schedule(isDone ? EVERY_MS : SOON_MS);
      });
    });
  }

  /** Whether all was read. */
  async #scrub(): Promise<boolean> {
    const { store, counters, logger, isIdle, onDiffers } = this.#options;
    const { cursor } = store;
    if (!isIdle() || cursor === null) return false;
    try {
      const scan = await scanContent(store, () => this.#pause(), this.#stopping.signal);
      if (scan === null || !isIdle()) return false;
      counters.add('scrubbed');
      if (scan.wrong === 0 && scan.digest === cursor.digest) return true;
      counters.add('scrub_differs');
      logger.warn(
        { version: cursor.version, expected: cursor.digest, found: scan.digest, wrong: scan.wrong },
        'What lies on the disk is not what was written there: it is asked for again',
      );
      store.suspect();
      onDiffers();
      return true;
    } catch (error) {
      // A store that can no longer be read at all has said so itself, and is begun anew.
      const { code, message } = asTillcastError(error);
      logger.error({ code }, `The catalog could not be read through: ${message}`);
      return false;
    }
  }

  #pause(): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const callOff = this.#options.clock.after(PAUSE_MS, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        callOff();
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
