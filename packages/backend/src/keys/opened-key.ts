import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import type { KeyPurpose } from '@tillcast/protocol/http/admin-api';
import {
  type MessageKey,
  messageKeySchema,
  terminalPublicKeySchema,
} from '@tillcast/protocol/http/identity-api';
import { type CryptoKey, calculateJwkThumbprint, type JWK } from 'jose';
import { z } from 'zod';
import { seal, unseal } from './sealing.ts';
import type { StoredKey } from './signing-key-statements.ts';

/** A key that signs tokens: ES256. */
export interface TokenSigningKey {
  readonly purpose: 'token';
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly published: JWK;
}

/** A key that signs messages: Ed25519. */
export interface MessageSigningKey {
  readonly purpose: 'message';
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly published: MessageKey;
}

export type OpenedKey = TokenSigningKey | MessageSigningKey;

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** What of a private JWK makes a key; the rest of it is public. */
const privateJwkSchema = z.object({
  kty: z.string(),
  crv: z.string(),
  x: z.string(),
  y: z.string().optional(),
  d: z.string(),
});

/** Makes a key and seals it. Its `kid` is the RFC 7638 thumbprint of its public part. */
export async function makeSigningKey(
  purpose: KeyPurpose,
  secretKey: Uint8Array,
): Promise<Pick<StoredKey, 'kid' | 'purpose' | 'sealed'>> {
  const pair =
    purpose === 'token' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const kid = await calculateJwkThumbprint(pair.publicKey.export({ format: 'jwk' }));
  const jwk = JSON.stringify(pair.privateKey.export({ format: 'jwk' }));
  return { kid, purpose, sealed: seal(secretKey, nameOf(purpose, kid), jwk) };
}

/**
 * Opens a stored key. Its public part is computed from the private one, so that nothing is published or
 * trusted that was not sealed with the secret key.
 * @throws TillcastError `secret_unreadable` where the secret key is another one, or the row was altered
 */
export async function openSigningKey(
  { kid, purpose, sealed }: Pick<StoredKey, 'kid' | 'purpose' | 'sealed'>,
  secretKey: Uint8Array,
): Promise<OpenedKey> {
  const name = nameOf(purpose, kid);
  const { y, ...rest } = privateJwkSchema.parse(JSON.parse(unseal(secretKey, name, sealed)));
  const jwk = y === undefined ? rest : { ...rest, y };
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  const publicKey = createPublicKey(privateKey);
  const publicJwk = publicKey.export({ format: 'jwk' });
  if ((await calculateJwkThumbprint(publicJwk)) !== kid) {
    throw new TillcastError('secret_unreadable', `The ${name} is not the key that its name says.`);
  }
  if (purpose === 'message') {
    return { purpose, kid, privateKey, published: messageKeySchema.parse({ ...publicJwk, kid }) };
  }
  return {
    purpose,
    kid,
    privateKey: privateKey.toCryptoKey(ECDSA, false, ['sign']),
    publicKey: publicKey.toCryptoKey(ECDSA, true, ['verify']),
    published: { ...terminalPublicKeySchema.parse(publicJwk), kid, alg: 'ES256', use: 'sig' },
  };
}

function nameOf(purpose: KeyPurpose, kid: string): string {
  return `${purpose} key ${kid}`;
}
