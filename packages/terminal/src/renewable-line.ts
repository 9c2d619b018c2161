import type { Logger, Subscriber } from '@tillcast/broker';

/** A subscriber that can be given a new queue while it runs. */
export class RenewableLine {
  readonly #subscriber: Subscriber;
  readonly #logger: Logger;
  #renewing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(subscriber: Subscriber, logger: Logger) {
    this.#subscriber = subscriber;
    this.#logger = logger;
  }

  start(): void {
    this.#subscriber.start();
  }

  /** Gives the queue up and attaches with a new one; returns at once. */
  renew(): void {
    this.#renewing = this.#renewing.then(async () => {
      try {
        await this.#subscriber.stop();
      } catch (error) {
        // What is given up may well be broken; the new queue does not depend on it.
        this.#logger.warn({ err: error }, 'The old queue could not be given up in order');
      }
      if (!this.#stopped) this.#subscriber.start();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#renewing;
    await this.#subscriber.stop();
  }
}
