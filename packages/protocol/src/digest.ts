import { sha256First8Bytes } from '#sha256';

/**
 * The additive digest: the sum, modulo 2^64, of one 64-bit number per live row. Adding or removing a row
 * changes it by that row's number alone, so a commit of n rows costs n hashes however large the catalog,
 * and two catalogs with the same rows have the same digest in whatever order they came.
 *
 * It finds accidents (a lost row, a flipped byte), not forgers: those are the signature's business.
 */
export const EMPTY_DIGEST = '0000000000000000';

const MASK = (1n << 64n) - 1n;

/** The number of one row, from its kind, its id and its body's canonical JSON. 16 hexadecimal digits. */
export function rowDigest(kind: string, id: string, canonicalBody: string): string {
  // NUL cannot occur in a kind or an id, so no two rows share an encoding.
  return sha256First8Bytes(`${kind}\0${id}\0${canonicalBody}`);
}

/** A running digest: add what came, subtract what went, read the sum. */
export class DigestSum {
  #sum: bigint;

  constructor(start: string = EMPTY_DIGEST) {
    this.#sum = BigInt(`0x${start}`);
  }

  add(row: string): this {
    this.#sum = (this.#sum + BigInt(`0x${row}`)) & MASK;
    return this;
  }

  subtract(row: string): this {
    this.#sum = (this.#sum - BigInt(`0x${row}`)) & MASK;
    return this;
  }

  toString(): string {
    return this.#sum.toString(16).padStart(16, '0');
  }
}
