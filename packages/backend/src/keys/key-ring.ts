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

/** The deployment's signing keys, the same for all its backends. */
export interface KeyRing extends MessageSigner {
  /** An access token: an ES256 JWT with its `kid`. Claims are taken as they are. */
  signToken(claims: JWTPayload): Promise<string>;
  /** The public key of a token's `kid`; null where there is none of ours. */
  tokenKey(kid: string): CryptoKey | null;
  /** RFC 7517: next, current and retired keys of tokens. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /** Next, current and retired keys of messages. */
  readonly messageKeys: readonly MessageKey[];
}
