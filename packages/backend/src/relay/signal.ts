/** Wakes one waiting loop. A signal that nobody waits for is kept, so that none is missed. */
export class Signal {
  #wake: (() => void) | undefined;
  #raised = false;

  raise(): void {
    this.#raised = true;
    this.#wake?.();
  }

  /** Resolves when raised since the last wait. */
  async wait(): Promise<void> {
    if (!this.#raised) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#raised = false;
  }
}
