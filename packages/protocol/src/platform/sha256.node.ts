import { hash } from 'node:crypto';

/** The first 8 bytes of SHA-256 over the text's UTF-8, as 16 hexadecimal digits. OpenSSL: about 1 µs a row. */
export function sha256First8Bytes(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 16);
}

/** SHA-256 over the text's UTF-8, as 64 hexadecimal digits. */
export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}
