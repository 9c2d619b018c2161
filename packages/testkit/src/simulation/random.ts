const TWO_POW_32 = 2 ** 32;

/**
 * A stream of pseudo-random numbers (sfc32), wholly decided by its seed. `fork` gives a stream of its own to
 * whoever draws, so that what one part of a simulation draws changes nothing for the others.
 */
export class Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.#seed = seed;
    [this.#a, this.#b, this.#c] = hashed(seed);
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** In [0, 1). */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / TWO_POW_32;
  }

  /** A whole number from `min` up to and with `max`. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  /** @throws RangeError where there is nothing to pick from */
  pick<T>(from: readonly T[]): T {
    const picked = from[this.int(0, from.length - 1)];
    if (picked === undefined) throw new RangeError('There is nothing to pick from.');
    return picked;
  }

  /** Of the form of a random UUID. */
  uuid(): string {
    const hex = Array.from({ length: 30 }, () => this.int(0, 15).toString(16)).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-8${hex.slice(15, 18)}-${hex.slice(18)}`;
  }

  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }
}

/** Three 32-bit numbers of a text: FNV-1a with different starts. */
function hashed(text: string): [number, number, number] {
  const parts: [number, number, number] = [0x81_1c_9d_c5, 0x2f_0b_44_71, 0x6b_79_d3_8e];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    parts[0] = Math.imul(parts[0] ^ code, 0x01_00_01_93);
    parts[1] = Math.imul(parts[1] ^ (code + index), 0x01_00_01_93);
    parts[2] = Math.imul(parts[2] ^ (code * 31 + 7), 0x01_00_01_93);
  }
  return parts;
}
