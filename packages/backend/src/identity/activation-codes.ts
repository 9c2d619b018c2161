import { createHash, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import {
  ACTIVATION_CODE_BYTES,
  formatActivationCode,
  parseActivationCode,
} from '@tillcast/protocol/identity/activation-code';
import type { LicenseKey } from '@tillcast/protocol/license-key';

/** 16 MiB and some 40 ms a try. A code has 128 bits by itself: this is for who holds a copy of the table. */
const SCRYPT: ScryptOptions = { N: 16_384, r: 8, p: 1 };
const HASH_BYTES = 32;
const SCHEME = 'scrypt-16384-8-1';

/** Node computes four at once, on threads that files and compression want too. */
const MAX_AT_ONCE = 2;
/** A queue of some seconds: who comes later is told to come again. */
const MAX_WAITING = 200;

let running = 0;
const waiting: (() => void)[] = [];

/** A new code, as it is shown: 128 random bits. */
export function newActivationCode(): string {
  return formatActivationCode(randomBytes(ACTIVATION_CODE_BYTES));
}

/**
 * What is kept of a code, and what a code that someone sends is compared by. All codes of a license have one
 * salt, so that a try is one computation however many seats wait, and takes as long where there is no license.
 * @param code as it was typed; what cannot be a code is computed all the same, and matches nothing
 * @throws TillcastError `overloaded`
 */
export async function hashOfCode(licenseKey: LicenseKey, code: string): Promise<string> {
  const text = parseActivationCode(code) ?? `not a code: ${code}`;
  const salt = createHash('sha256').update(`tillcast activation code of ${licenseKey}`).digest();
  const hash = await oneOfFew(() => derive(text, salt));
  return `${SCHEME}$${hash.toString('base64url')}`;
}

/** Compares two hashes in a time that tells nothing of them; null is like no other. */
export function sameHash(given: string, stored: string | null): boolean {
  const a = createHash('sha256').update(given).digest();
  const b = createHash('sha256')
    .update(stored ?? 'nothing')
    .digest();
  return timingSafeEqual(a, b) && stored !== null;
}

function derive(text: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(text, salt, HASH_BYTES, SCRYPT, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

async function oneOfFew<T>(work: () => Promise<T>): Promise<T> {
  if (running < MAX_AT_ONCE) running += 1;
  else {
    if (waiting.length >= MAX_WAITING) {
      throw new TillcastError('overloaded', 'Too many activations are under way: try again in a moment.');
    }
    // Whoever ends hands its place on.
    await new Promise<void>((resolve) => void waiting.push(resolve));
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}
