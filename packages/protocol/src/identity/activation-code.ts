/** Random bytes in an activation code: 128 bits. */
export const ACTIVATION_CODE_BYTES = 16;

/** Crockford's base 32: no I, L, O, U, so that a code can be read out and typed. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const DIGITS = 26;
const GROUP = 5;
const DIGITS_ONLY = new RegExp(`^[${ALPHABET}]+$`);

/** An activation code as it is shown: `4T3ZK-…`, six groups. @param bytes {@link ACTIVATION_CODE_BYTES} random ones */
export function formatActivationCode(bytes: Uint8Array): string {
  if (bytes.length !== ACTIVATION_CODE_BYTES) throw new RangeError('An activation code has 128 bits.');
  let value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const digits: string[] = [];
  for (let index = 0; index < DIGITS; index += 1) {
    digits.unshift(ALPHABET.charAt(Number(value & 31n)));
    value >>= 5n;
  }
  return grouped(digits.join(''));
}

/**
 * A code as someone typed it, in the form in which it is shown: lower case, blanks and hyphens do not
 * matter, O is 0, I and L are 1. Null where it cannot be a code.
 */
export function parseActivationCode(text: string): string | null {
  if (text.length > 100) return null;
  const digits = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  const good = digits.length === DIGITS && DIGITS_ONLY.test(digits);
  // 26 digits hold 130 bits: the first is at most 7.
  return good && ALPHABET.indexOf(digits.charAt(0)) < 8 ? grouped(digits) : null;
}

function grouped(digits: string): string {
  return digits.replaceAll(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&-');
}
