import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import { type TerminalPublicKey, terminalPublicKeySchema } from '@tillcast/protocol/http/identity-api';
import { calculateJwkThumbprint } from 'jose';

/** A till's key pair: EC on P-256. */
export interface TillKey {
  /** The public key's thumbprint (RFC 7638). */
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: TerminalPublicKey;
}

/** Makes a new pair. */
export function newTillKey(): Promise<TillKey> {
  return tillKeyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/** The pair as it is kept: PKCS #8 in PEM. */
export function pemOf({ privateKey }: TillKey): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** @throws TillcastError `secret_unreadable` where the text is no such key */
export async function tillKeyOfPem(pem: string): Promise<TillKey> {
  try {
    return await tillKeyOf(createPrivateKey(pem));
  } catch (cause) {
    const message =
      "What is stored as this till's key is not one. Reset the till and activate it again: `tillcast terminal reset`.";
    throw new TillcastError('secret_unreadable', message, { cause });
  }
}

async function tillKeyOf(privateKey: KeyObject): Promise<TillKey> {
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey = terminalPublicKeySchema.parse({ kty, crv, x, y });
  return { id: await calculateJwkThumbprint({ ...publicKey }), privateKey, publicKey };
}
