import type { CliContext } from '../context.ts';
import { duration } from '../output/figures.ts';
import { type LiveLine, startLiveLine } from '../output/live-line.ts';

/** Shows what is going on while several things start at once: a line for each when done, and what is still to come. */
export class Steps {
  readonly #context: CliContext;
  readonly #pending = new Set<string>();
  #line: LiveLine | null = null;
  #since = performance.now();

  constructor(context: CliContext) {
    this.#context = context;
  }

  /**
   * Does one step.
   * @param label what is being done: `Starting RabbitMQ`
   * @param said what there is to say of its result: `RabbitMQ 3.10.8`
   */
  async run<T>(label: string, said: (result: T) => string, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    this.#change(() => this.#pending.add(label));
    try {
      const result = await work();
      const { errStyles, err } = this.#context;
      this.#change(() => {
        this.#pending.delete(label);
        const took = errStyles.muted(duration(performance.now() - startedAt));
        err.write(`${errStyles.ok(said(result))}  ${took}\n`);
      });
      return result;
    } catch (error) {
      this.#change(() => this.#pending.delete(label));
      throw error;
    }
  }

  /** Writes between the steps without disturbing the line that is redrawn. */
  note(text: string): void {
    this.#change(() => this.#context.err.write(`${text}\n`));
  }

  #change(change: () => void): void {
    this.#line?.end();
    this.#line = null;
    if (this.#pending.size === 0) this.#since = performance.now();
    change();
    if (this.#pending.size === 0) return;
    this.#line = startLiveLine(this.#context.err, (frame) => {
      const elapsed = duration(performance.now() - this.#since);
      return `${frame} ${[...this.#pending].join(', ')}  ${elapsed}`;
    });
  }
}
