import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);

/** What a check may cost at most: more is not asked of a till, whatever a catalog says. */
const COST_MAX = { n: 2 ** 17, r: 16, p: 4, bytes: 320 * 1_024 * 1_024 };

/**
 * Whether a PIN is the one of a hash, `scrypt$N$r$p$salt$hash`. Takes as long as the hash says (0.05 s with 16384).
 * A hash that would cost too much fits no PIN.
 */
export async function isPinOf(hash: string, pin: string): Promise<boolean> {
  const [, n, r, p, salt = '', expected = ''] = hash.split('$');
  const cost = { N: Number(n), r: Number(r), p: Number(p) };
  if (cost.N > COST_MAX.n || cost.r > COST_MAX.r || cost.p > COST_MAX.p) return false;
  const wanted = Buffer.from(expected, 'base64url');
  const derived = await derive(pin, Buffer.from(salt, 'base64url'), wanted.length, {
    ...cost,
    maxmem: COST_MAX.bytes,
  });
  return timingSafeEqual(derived, wanted);
}
