import type { ReplicaDriverOptions } from './driver-options.ts';

/**
 * Tells of the server's history before anything that names it counts as a proof: a till that cannot note it would be current
 * by it, and believe that a restored server has its sales.
 */
export class HistoryNote {
  readonly #options: Pick<ReplicaDriverOptions, 'onHistory' | 'counters' | 'logger'>;

  constructor(options: Pick<ReplicaDriverOptions, 'onHistory' | 'counters' | 'logger'>) {
    this.#options = options;
  }

  /** Whether it is noted now. */
  isMade(epoch: string): boolean {
    const { onHistory, counters, logger } = this.#options;
    try {
      onHistory?.(epoch);
      return true;
    } catch (error) {
      counters.add('store_failed');
      logger.error({ err: error, epoch }, "The server's history could not be noted: it is asked again");
      return false;
    }
  }
}
