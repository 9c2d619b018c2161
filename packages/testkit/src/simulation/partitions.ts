/** Who cannot reach whom, and until when. */
export class Partitions {
  readonly #untilMs = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  cut(one: string, other: string, untilMs: number): void {
    this.#untilMs.set(`${one}|${other}`, Math.max(untilMs, this.untilMs(one, other)));
  }

  heal(): void {
    this.#untilMs.clear();
  }

  /** When what is sent now arrives at the earliest, but for the way: now where nothing is cut. */
  untilMs(one: string, other: string): number {
    return Math.max(this.#nowMs(), this.#untilMs.get(`${one}|${other}`) ?? 0);
  }

  isCut(one: string, other: string): boolean {
    return this.untilMs(one, other) > this.#nowMs();
  }
}
