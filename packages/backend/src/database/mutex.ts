/** Lets one in at a time, in the order in which they came. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when everyone before is done, whether well or not. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    // The failure is its own caller's, who holds `result`; the next in line only waits for the end.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
