import { drawBelow } from './seeded-random.ts';

/** What changes at a moment. */
export interface OutageStep {
  readonly cut: readonly number[];
  readonly mended: readonly number[];
}

/** How long a till is cut off, at least and at most. */
const OUTAGE_MS = { min: 10_000, max: 40_000 };

/** Which tills are cut off: always the same share of them, but not the same ones. Pure but for its memory. */
export class Outages {
  readonly #tills: number;
  readonly #share: number;
  readonly #random: () => number;
  /** Till by till, until when it is cut off. */
  readonly #until = new Map<number, number>();

  /** @param share how many of them are cut off at any moment: 0 to 1 */
  constructor(tills: number, share: number, random: () => number) {
    this.#tills = tills;
    this.#share = Math.round(tills * share);
    this.#random = random;
  }

  get cutOff(): ReadonlySet<number> {
    return new Set(this.#until.keys());
  }

  /** Ends the outages that are over, and begins others in their place. */
  step(nowMs: number): OutageStep {
    const mended = [...this.#until].filter(([, untilMs]) => untilMs <= nowMs).map(([till]) => till);
    const cut: number[] = [];
    while (this.#until.size - mended.length + cut.length < this.#share) {
      const till = this.#drawConnected(cut, mended);
      if (till === null) break;
      cut.push(till);
    }
    for (const till of mended) this.#until.delete(till);
    const { min, max } = OUTAGE_MS;
    for (const till of cut) this.#until.set(till, nowMs + min + this.#random() * (max - min));
    return { cut, mended };
  }

  /** The share is over: all are connected again. @returns those that were not */
  end(): readonly number[] {
    const mended = [...this.#until.keys()];
    this.#until.clear();
    return mended;
  }

  /** One that is connected, and was not only just mended where there are others. */
  #drawConnected(cut: readonly number[], mended: readonly number[]): number | null {
    const isFree = (till: number): boolean => !this.#until.has(till) && !cut.includes(till);
    const free = Array.from({ length: this.#tills }, (_, till) => till).filter(isFree);
    const choice = free.length > 0 ? free : mended.filter((till) => !cut.includes(till));
    return choice[drawBelow(choice.length, this.#random)] ?? null;
  }
}
