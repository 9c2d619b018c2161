import { z } from 'zod';
import { type LicenseKey, licenseKeySchema } from '../license-key.ts';
import { KID_PATTERN } from '../messages/signature.ts';

/** A till's public key: an EC key on P-256, as a JWK (RFC 7517) with nothing else in it. */
export interface TerminalPublicKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url');

export const terminalPublicKeySchema: z.ZodType<TerminalPublicKey, unknown> = z
  .strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate })
  .meta({ id: 'TerminalPublicKey' });

/** A public key that messages are signed with: Ed25519 (RFC 8037). */
export interface MessageKey {
  readonly kid: string;
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
}

export const messageKeySchema: z.ZodType<MessageKey, unknown> = z
  .object({
    kid: z.string().regex(new RegExp(KID_PATTERN)),
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: coordinate,
  })
  .meta({ id: 'MessageKey' });

/** The keys that a message may be signed with now: the current one, the next, and such as are still under way. */
export const messageKeysSchema: z.ZodType<{ readonly keys: readonly MessageKey[] }, unknown> = z
  .object({ keys: z.array(messageKeySchema).max(16) })
  .meta({ id: 'MessageKeys' });

/** Where a till finds its broker: `amqp(s)://host:port/vhost`, tried in turn, without user or password. */
export interface BrokerAddress {
  readonly urls: readonly string[];
}

const brokerAddressSchema: z.ZodType<BrokerAddress, unknown> = z.object({ urls: z.array(z.url()).max(16) });

export const TERMINAL_NAME_MAX_LENGTH = 64;

/** What people call a till: no control characters, which would speak to their terminals. */
export const terminalNameSchema: z.ZodType<string, unknown> = z
  .string()
  .trim()
  .min(1)
  .max(TERMINAL_NAME_MAX_LENGTH)
  .regex(/^[^\p{Cc}]*$/u, 'must hold no control characters');

export interface ActivationRequest {
  readonly license_key: LicenseKey;
  readonly activation_code: string;
  readonly name: string;
  readonly public_key: TerminalPublicKey;
}

export const activationRequestSchema: z.ZodType<ActivationRequest, unknown> = z
  .strictObject({
    license_key: licenseKeySchema,
    activation_code: z.string().min(1).max(100),
    name: terminalNameSchema,
    public_key: terminalPublicKeySchema,
  })
  .meta({ id: 'ActivationRequest' });

/** Everything that a till keeps of its activation. */
export interface Activation {
  readonly terminal_id: string;
  readonly license_key: LicenseKey;
  readonly name: string;
  /** The `aud` of the till's assertions and the `iss` of its tokens. */
  readonly issuer: string;
  readonly message_keys: readonly MessageKey[];
  readonly broker: BrokerAddress;
}

export const activationSchema: z.ZodType<Activation, unknown> = z
  .object({
    terminal_id: z.uuid(),
    license_key: licenseKeySchema,
    name: z.string(),
    issuer: z.string().min(1),
    message_keys: z.array(messageKeySchema).max(16),
    broker: brokerAddressSchema,
  })
  .meta({ id: 'Activation' });

/** RFC 7523, 2.2: the till signs in with an assertion instead of a secret. */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** An assertion lives no longer. */
export const ASSERTION_MAX_AGE_S = 60;

export interface TokenRequest {
  readonly grant_type: 'client_credentials';
  readonly client_assertion_type: typeof ASSERTION_TYPE;
  /** A JWT, ES256: `iss` and `sub` the terminal's id, `aud` the issuer, `iat`, `exp`, `jti`. */
  readonly client_assertion: string;
  /** Left out: everything that the till may do. `sales:upload`: that alone, also within the grace after an end. */
  readonly scope?: 'sales:upload' | undefined;
}

export const tokenRequestSchema: z.ZodType<TokenRequest, unknown> = z
  .object({
    grant_type: z.literal('client_credentials'),
    client_assertion_type: z.literal(ASSERTION_TYPE),
    client_assertion: z.string().min(1).max(4096),
    scope: z.literal('sales:upload').optional(),
  })
  .meta({ id: 'TokenRequest' });

/** RFC 6749, 5.1, with what else a till must know from time to time. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  /** Separated by spaces. */
  readonly scope: string;
  readonly message_keys: readonly MessageKey[];
  readonly broker: BrokerAddress;
}

export const tokenAnswerSchema: z.ZodType<TokenAnswer, unknown> = z
  .object({
    access_token: z.string().min(1),
    token_type: z.literal('Bearer'),
    expires_in: z.int().positive(),
    scope: z.string(),
    message_keys: z.array(messageKeySchema).max(16),
    broker: brokerAddressSchema,
  })
  .meta({ id: 'TokenAnswer' });

/** The `aud` of access tokens, and the broker's resource server id. */
export const TOKEN_AUDIENCE = 'tillcast';

/** Claims of an access token: an ES256 JWT, one for the sync API and the broker. */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly aud: string | readonly string[];
  /** The terminal's id, which the broker shows as the user. */
  readonly sub: string;
  readonly license_key: LicenseKey;
  /** Separated by spaces. */
  readonly scope: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

export const accessTokenClaimsSchema: z.ZodType<AccessTokenClaims, unknown> = z.object({
  iss: z.string().min(1),
  aud: z.union([z.string(), z.array(z.string())]),
  sub: z.uuid(),
  license_key: licenseKeySchema,
  scope: z.string(),
  jti: z.string().min(1),
  iat: z.int(),
  exp: z.int(),
});

/** Paths of what a till needs to become and stay itself. */
export const IDENTITY_PATHS = {
  activate: '/api/v1/terminals/activate',
  token: '/api/v1/token',
  jwks: '/.well-known/jwks.json',
  messageKeys: '/.well-known/tillcast/message-keys.json',
} as const;
