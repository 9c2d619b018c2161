import { randomInt } from 'node:crypto';

const DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 16;

/** A new identity for a license's history: 82 random bits. */
export function newEpoch(): string {
  return Array.from({ length: LENGTH }, () => DIGITS[randomInt(DIGITS.length)]).join('');
}
