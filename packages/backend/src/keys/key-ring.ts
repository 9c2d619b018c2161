import type { KeyPurpose, SigningKey } from '@tillcast/protocol/http/admin-api';
import type { MessageKey } from '@tillcast/protocol/http/identity-api';
import type { SignedHead } from '@tillcast/protocol/messages/signature';
import type { CryptoKey, JWK, JWTPayload } from 'jose';

/** Signs message bodies as they are committed. */
export interface MessageSigner {
  /**
   * The value of the signature header for a message.
   * @param body before compression
   */
  sign(head: SignedHead, body: string): string;
}

/**
 * The deployment's signing keys, the same for all its backends. Of each purpose there is one that signs, one
 * that will sign next and is published already, and such as no longer sign.
 *
 * A backend may lag behind a rotation by {@link KEY_LAG_MS}: until then it signs with the key that was just
 * retired, and knows the new current key as the next one. So both are good everywhere.
 */
export interface KeyRing extends MessageSigner {
  /** An access token: an ES256 JWT with its `kid`. Claims are taken as they are. */
  signToken(claims: JWTPayload): Promise<string>;
  /** The public key of a token's `kid`; null where there is none of ours, or its time is over. */
  tokenKey(kid: string): CryptoKey | null;
  /** RFC 7517: current, next and retired keys of tokens. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /** Current, next and retired keys of messages. */
  readonly messageKeys: readonly MessageKey[];
  /** All of them, as operators see them. */
  readonly keys: readonly SigningKey[];
  /**
   * Lets the next key sign and retires the current one; a new next key is made. Audited. Resolves when this
   * backend signs with it; the others follow.
   * @throws TillcastError `rotation_too_soon` where the next key may not have reached everyone
   */
  rotate(purpose: KeyPurpose): Promise<void>;
  /**
   * Takes a key that got into other hands, whatever its state: nothing that it signed counts here from then on,
   * nor at the other backends, as soon as they hear of it. Audited.
   * @returns what it was for
   * @throws TillcastError `not_found` where there is no such key
   */
  revoke(kid: string): Promise<KeyPurpose>;
}

/** How long an answer with the published keys may be kept by whoever stands between. */
export const PUBLISHED_KEYS_MAX_AGE_S = 60;

/** How far a backend may lag behind: it hears of a rotation at once, and looks in case it did not. */
export const KEY_LAG_MS = 60_000;

/**
 * How old a next key must be before it may sign: no copy of the published keys is then without it, be it kept
 * by a proxy or answered by a backend that lags.
 *
 * RabbitMQ asks for the keys when it meets a `kid` that it does not know, and so does a till (which also gets
 * them with every token): neither needs to be waited for, if only what they are answered is up to date.
 */
export const NEXT_KEY_MIN_AGE_MS: number = PUBLISHED_KEYS_MAX_AGE_S * 1_000 + KEY_LAG_MS;

/**
 * How long a retired key still verifies. Tokens: the longest life that one can have, from the last moment at
 * which a lagging backend may have signed it. Messages: changes keep the signature of their commit while the
 * broker is away; what waited longer than a week is not taken by the tills, which then pull it instead (a
 * broadcast is not shown).
 */
export const RETIRED_KEY_LIFE_MS: Readonly<Record<KeyPurpose, number>> = {
  token: 3_600_000 + KEY_LAG_MS,
  message: 7 * 24 * 3_600_000,
};

/** Retired keys of one purpose at most: with current and next they are as many as a till takes. */
export const RETIRED_KEYS_MAX = 14;
