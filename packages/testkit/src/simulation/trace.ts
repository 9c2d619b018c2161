/** What happened, in order: a number that any difference changes, and, where wanted, the lines themselves. */
export class Trace {
  readonly #nowMs: () => number;
  readonly #lines: string[] | null;
  #fingerprint = 0x81_1c_9d_c5;
  #count = 0;

  constructor(nowMs: () => number, keepLines: boolean) {
    this.#nowMs = nowMs;
    this.#lines = keepLines ? [] : null;
  }

  /** @param detail only made where lines are kept */
  add(what: string, detail: () => string): void {
    this.#count += 1;
    this.#mix(Math.floor(this.#nowMs() * 1_000));
    for (let index = 0; index < what.length; index += 1) this.#mix(what.charCodeAt(index));
    this.#lines?.push(`${(this.#nowMs() / 1_000).toFixed(3).padStart(9)} ${what.padEnd(14)} ${detail()}`);
  }

  get fingerprint(): string {
    return `${this.#count}:${(this.#fingerprint >>> 0).toString(16).padStart(8, '0')}`;
  }

  get lines(): readonly string[] {
    return this.#lines ?? [];
  }

  #mix(value: number): void {
    this.#fingerprint = Math.imul(this.#fingerprint ^ value, 0x01_00_01_93);
  }
}
