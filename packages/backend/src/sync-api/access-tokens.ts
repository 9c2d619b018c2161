import { hash } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import {
  type AccessTokenClaims,
  accessTokenClaimsSchema,
  TOKEN_AUDIENCE,
} from '@tillcast/protocol/http/identity-api';
import { SALES_SCOPE } from '@tillcast/protocol/identity/scopes';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { type CryptoKey, decodeProtectedHeader, errors, type JWTHeaderParameters, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { KeyRing } from '../keys/key-ring.ts';

/** What a token proves. That its license and terminal still stand, it does not. */
export interface VerifiedToken {
  readonly terminalId: string;
  readonly licenseKey: LicenseKey;
  /** For handing in sales, and nothing else. */
  readonly salesOnly: boolean;
}

interface CachedToken extends VerifiedToken {
  readonly kid: string;
  /** Seconds since 1970: the first one in which it is not valid. */
  readonly exp: number;
}

/** No token of ours is as long. */
const MAX_LENGTH = 4096;
/** Some 400 bytes each. */
const MAX_TOKENS = 20_000;

const kidSchema = z.string().min(1).max(64);

/**
 * Checks access tokens: ES256 alone, by one of our own keys that the token names, from us, for us, not expired.
 * Whatever else a header says (`jku`, `jwk`, `x5c` …) is not looked at. A token that was found good is known by
 * its hash until it expires, or its key is no longer ours; of a bad one nothing is kept, and of none its text.
 */
export class AccessTokens {
  readonly #keys: Pick<KeyRing, 'tokenKey'>;
  readonly #issuer: string;
  readonly #now: () => Date;
  readonly #good = new LRUCache<string, CachedToken>({ max: MAX_TOKENS });

  constructor(options: {
    readonly keys: Pick<KeyRing, 'tokenKey'>;
    readonly issuer: string;
    readonly now: () => Date;
  }) {
    this.#keys = options.keys;
    this.#issuer = options.issuer;
    this.#now = options.now;
  }

  /**
   * Knows a token as good that this backend signed just now, so that its first use costs no second look at a
   * signature of our own. It is asked for its end and its key like any other.
   * @param claims what was signed
   */
  signed(token: string, claims: AccessTokenClaims): void {
    this.#keep(hashOf(token), decodeProtectedHeader(token).kid, claims);
  }

  /** @throws TillcastError `token_invalid`, `token_expired` */
  async verify(token: string): Promise<VerifiedToken> {
    if (token.length > MAX_LENGTH) throw tokenInvalid();
    const name = hashOf(token);
    const known = this.#good.get(name);
    if (known === undefined) return this.#check(token, name);
    if (this.#now().getTime() < known.exp * 1000 && this.#keys.tokenKey(known.kid) !== null) return known;
    this.#good.delete(name);
    return this.#check(token, name);
  }

  async #check(token: string, name: string): Promise<VerifiedToken> {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, (header) => this.#keyOf(header), {
        algorithms: ['ES256'],
        typ: 'at+jwt',
        issuer: this.#issuer,
        audience: TOKEN_AUDIENCE,
        requiredClaims: ['exp', 'iat', 'sub', 'jti'],
        currentDate: this.#now(),
      });
      return this.#keep(name, protectedHeader.kid, accessTokenClaimsSchema.parse(payload));
    } catch (error) {
      throw refusalOf(error);
    }
  }

  #keep(name: string, kid: unknown, claims: AccessTokenClaims): VerifiedToken {
    const { sub, license_key, scope, exp } = claims;
    const verified = {
      terminalId: sub,
      licenseKey: license_key,
      salesOnly: scope === SALES_SCOPE,
      kid: kidSchema.parse(kid),
      exp,
    };
    this.#good.set(name, verified);
    return verified;
  }

  #keyOf(header: JWTHeaderParameters): CryptoKey {
    const kid = kidSchema.safeParse(header.kid);
    const key = kid.success ? this.#keys.tokenKey(kid.data) : null;
    if (key === null) throw tokenInvalid();
    return key;
  }
}

/** What a token is known by: with its text, the cache would hold what opens the door, and three times as much. */
function hashOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

function refusalOf(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    return new TillcastError(
      'token_expired',
      'The access token has expired: get another one with a new assertion.',
      { cause: error },
    );
  }
  if (error instanceof errors.JOSEError || error instanceof z.ZodError) return tokenInvalid(error);
  return error;
}

export function tokenInvalid(cause?: unknown): TillcastError {
  return new TillcastError(
    'token_invalid',
    'The access token is not valid here: get another one with a new assertion.',
    { cause },
  );
}
