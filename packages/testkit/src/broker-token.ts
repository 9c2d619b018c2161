import { createPrivateKey, generateKeyPairSync, type JsonWebKey, randomUUID, sign } from 'node:crypto';
import { TOKEN_AUDIENCE } from '@tillcast/broker';
import { scopesOf } from '@tillcast/protocol/identity/scopes';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import type { PublicJwk } from './jwks-desk.ts';

/** A key that signs access tokens in tests. */
export interface TokenSigningKey {
  readonly kid: string;
  readonly privateJwk: JsonWebKey;
  readonly publicJwk: PublicJwk;
}

/** A new ES256 key of a random `kid`. */
export function makeTokenSigningKey(): TokenSigningKey {
  const kid = `test-${randomUUID()}`;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateJwk = privateKey.export({ format: 'jwk' });
  return {
    kid,
    privateJwk,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' },
  };
}

/** What a token says; what is left out is as the backend says it. */
export interface BrokerTokenOptions {
  readonly licenseKey: string;
  /** The token's `sub`, and so the user's name at the broker. */
  readonly terminalId: string;
  /** Default 600; negative for one that has expired. */
  readonly expiresInS?: number;
  /** Default: exactly those of a terminal of this license. */
  readonly scopes?: readonly string[];
  /** Claims beside, or in the place of, the usual ones. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Header members beside, or in the place of, the usual ones. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Signs an access token for the broker. */
export function signBrokerToken(key: TokenSigningKey, options: BrokerTokenOptions): string {
  const now = Math.floor(Date.now() / 1_000);
  const { licenseKey, terminalId, expiresInS = 600 } = options;
  const scopes = options.scopes ?? scopesOf(parseLicenseKey(licenseKey), terminalId);
  const head = { alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...options.header };
  const claims = {
    iss: 'http://localhost',
    aud: TOKEN_AUDIENCE,
    sub: terminalId,
    license_key: licenseKey,
    scope: scopes.join(' '),
    jti: randomUUID(),
    iat: now,
    exp: now + expiresInS,
    ...options.claims,
  };
  const signed = `${part(head)}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), {
    key: createPrivateKey({ key: key.privateJwk, format: 'jwk' }),
    dsaEncoding: 'ieee-p1363',
  });
  return `${signed}.${signature.toString('base64url')}`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
