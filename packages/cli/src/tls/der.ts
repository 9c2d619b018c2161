/**
 * As much of DER, ASN.1's distinguished encoding (X.690), as an X.509 certificate is written with. Nothing here
 * reads DER: Node's own parser does.
 */

/** A value of any tag around its content. */
function tagged(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = bigEndian(BigInt(length));
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

function bigEndian(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
}

export const sequence = (...members: readonly Uint8Array[]): Buffer => tagged(0x30, ...members);
export const set = (...members: readonly Uint8Array[]): Buffer => tagged(0x31, ...members);
export const octetString = (content: Uint8Array): Buffer => tagged(0x04, content);
export const utf8String = (text: string): Buffer => tagged(0x0c, Buffer.from(text, 'utf8'));
export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]));

/** A whole number, not negative. */
export function integer(value: bigint): Buffer {
  const bytes = bigEndian(value);
  // The highest bit is the sign.
  return tagged(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** Bits, of which the last `unused` of the last byte do not count. */
export function bitString(content: Uint8Array, unused = 0): Buffer {
  return tagged(0x03, Buffer.of(unused), content);
}

/** A list of named bits: `[0, 2]` sets the first and the third. Zeros at the end are left out. */
export function namedBits(set: readonly number[]): Buffer {
  const last = Math.max(...set);
  const bytes = Buffer.alloc(Math.floor(last / 8) + 1);
  for (const bit of set) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bitString(bytes, 7 - (last & 7));
}

/** An object identifier in its dotted form: `1.2.840.10045.2.1`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const groups = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
    groups.unshift(0x80 | (left % 128));
  }
  return groups;
}

/** A moment in whole seconds: as UTCTime up to 2049, as X.509 demands, and as GeneralizedTime from then on. */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/\D/g, '').slice(0, 14);
  return at.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(`${digits.slice(2)}Z`, 'latin1'))
    : tagged(0x18, Buffer.from(`${digits}Z`, 'latin1'));
}

/** `[number] EXPLICIT`: a value in a wrapper of its own. */
export const explicit = (number: number, member: Uint8Array): Buffer => tagged(0xa0 | number, member);

/** `[number] IMPLICIT` of a primitive type: its content under another tag. */
export const implicit = (number: number, content: Uint8Array): Buffer => tagged(0x80 | number, content);
