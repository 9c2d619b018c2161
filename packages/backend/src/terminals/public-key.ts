import { createPublicKey, hash } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import { type TerminalPublicKey, terminalPublicKeySchema } from '@tillcast/protocol/http/identity-api';
import { type CryptoKey, importJWK } from 'jose';

/**
 * A till's public key as one text, the same for the same key, so that no key is taken twice.
 * @throws TillcastError `request_invalid`: not a point of P-256, or not written in the one way there is
 */
export function publicKeyText(key: TerminalPublicKey): string {
  const { kty, crv, x, y } = key;
  // 43 digits hold two bits more than 32 bytes: only zeros there are the one way.
  const isCanonical = [x, y].every((text) => Buffer.from(text, 'base64url').toString('base64url') === text);
  if (!isCanonical || !isOnCurve(key)) {
    const detail = 'must be a public key of an EC key pair on P-256';
    throw new TillcastError('request_invalid', `The public key is not valid: it ${detail}.`, {
      details: [{ pointer: '/public_key', detail }],
    });
  }
  return JSON.stringify({ crv, kty, x, y });
}

/** The RFC 7638 thumbprint of a key. @param text as {@link publicKeyText} gives it, which is what is hashed */
export function thumbprintOf(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** A stored public key, for one algorithm alone. */
export async function publicKeyOf(text: string): Promise<CryptoKey> {
  const jwk = terminalPublicKeySchema.parse(JSON.parse(text));
  const key = await importJWK({ ...jwk }, 'ES256');
  if (key instanceof Uint8Array) throw new TypeError('A public key cannot be a secret.');
  return key;
}

function isOnCurve(key: TerminalPublicKey): boolean {
  try {
    createPublicKey({ key: { ...key }, format: 'jwk' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_CRYPTO_INVALID_JWK') return false;
    throw error;
  }
}
