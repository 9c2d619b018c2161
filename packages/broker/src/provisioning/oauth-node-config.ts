import { createPublicKey } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import { isLoopbackHost } from '../transport/loopback.ts';

/** The plugin that checks access tokens. */
export const OAUTH_PLUGIN = 'rabbitmq_auth_backend_oauth2';

/** The `aud` of an access token. */
export const TOKEN_AUDIENCE = 'tillcast';

/** Debian's bundle of certificate authorities, as Erlang has none of its own. */
const SYSTEM_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** Where the broker gets the keys that access tokens are signed with. */
export interface OAuthOptions {
  /**
   * The backend's key set. Fetched when a token names a key that the broker does not know, so that keys
   * rotate without a restart. `https`, or `http` to this machine.
   */
  readonly jwksUrl?: string;
  /** The certificate authorities for an `https` key set: a PEM file on the broker's machine. */
  readonly authoritiesFile?: string;
  /**
   * Public P-256 keys in PEM by their `kid`, known from the start. On 3.10 a fetched key set takes their
   * place, so there give one or the other.
   */
  readonly signingKeys?: Readonly<Record<string, string>>;
  /** Lets the keys be fetched by `http` from another machine: whoever can answer in its place can make tokens. */
  readonly allowPlaintext?: boolean;
}

/** What makes a RabbitMQ check access tokens: fits into the options of `startPrivateNode`. */
export interface OAuthNodeConfig {
  readonly plugins: readonly string[];
  /** Lines of `rabbitmq.conf`. */
  readonly configExtra: readonly string[];
  /** The text of `advanced.config`. */
  readonly advancedConfig: string;
}

/**
 * The configuration for access tokens, one text for 3.10 and for 4.x: users that the broker keeps itself
 * first, then tokens; ES256 alone; scopes without a prefix; the user's name is the token's `sub`.
 *
 * It stands in `advanced.config` since `rabbitmq.conf` refuses `http` for keys and, in 3.10, an empty scope
 * prefix. As a resource server of its own name the audience is checked by 4.x; 3.10 knows no such entry and
 * checks none, for there an audience to check would also be a prefix that every scope must have.
 *
 * @throws `configuration_invalid` without keys, for keys by `http` from elsewhere, and for a key that is no P-256 one
 */
export function oauthNodeConfig(options: OAuthOptions): OAuthNodeConfig {
  const keys = [...jwksTerms(options), ...signingKeyTerms(options.signingKeys ?? {})];
  if (keys.length === 0) {
    throw new TillcastError(
      'configuration_invalid',
      'The broker needs the address of the key set, or signing keys, to check access tokens.',
    );
  }
  return {
    plugins: [OAUTH_PLUGIN],
    configExtra: [
      'auth_backends.1 = rabbit_auth_backend_internal',
      'auth_backends.2 = rabbit_auth_backend_oauth2',
      // 4.x has ANONYMOUS switched on.
      'auth_mechanisms.1 = PLAIN',
    ],
    advancedConfig: `[{${OAUTH_PLUGIN}, [
  {resource_servers, #{${binary(TOKEN_AUDIENCE)} => [
    {id, ${binary(TOKEN_AUDIENCE)}},
    {scope_prefix, <<>>},
    {verify_aud, true},
    {preferred_username_claims, [<<"sub">>]}
  ]}},
  {scope_prefix, <<>>},
  {preferred_username_claims, [<<"sub">>]},
  {key_config, [
    {algorithms, [<<"ES256">>]},
    ${keys.join(',\n    ')}
  ]}
]}].
`,
  };
}

function jwksTerms(options: OAuthOptions): readonly string[] {
  if (options.jwksUrl === undefined) return [];
  const url = URL.parse(options.jwksUrl);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '') {
    throw new TillcastError(
      'configuration_invalid',
      `The address of the key set must look like https://backend.example/.well-known/jwks.json, not ${JSON.stringify(options.jwksUrl)}.`,
    );
  }
  const address = `{jwks_url, ${binary(url.href)}}`;
  if (url.protocol === 'https:') {
    return [
      address,
      '{peer_verification, verify_peer}',
      '{hostname_verification, wildcard}',
      `{cacertfile, ${erlangString(options.authoritiesFile ?? SYSTEM_AUTHORITIES)}}`,
    ];
  }
  if (!isLoopbackHost(url.hostname) && options.allowPlaintext !== true) {
    throw new TillcastError(
      'configuration_invalid',
      `The broker would fetch the keys from ${url.host} unprotected, and whoever answers in its place could make tokens. Use https.`,
    );
  }
  return [address];
}

function signingKeyTerms(keys: Readonly<Record<string, string>>): readonly string[] {
  const entries = Object.entries(keys).map(([kid, pem]) => {
    const normalized = p256Pem(kid, pem);
    return `${binary(kid)} => {pem, ${binary(normalized)}}`;
  });
  return entries.length === 0 ? [] : [`{signing_keys, #{${entries.join(',\n      ')}}}`];
}

function p256Pem(kid: string, pem: string): string {
  let curve: string | undefined;
  let normalized = '';
  let cause: unknown;
  try {
    const key = createPublicKey(pem);
    curve = key.asymmetricKeyDetails?.namedCurve;
    normalized = key.export({ type: 'spki', format: 'pem' }).toString();
  } catch (error) {
    cause = error;
  }
  if (curve === 'prime256v1') return normalized;
  throw new TillcastError(
    'configuration_invalid',
    `The signing key ${JSON.stringify(kid)} is not a public P-256 key in PEM, which ES256 needs.`,
    { cause },
  );
}

function binary(text: string): string {
  return `<<${erlangString(text)}>>`;
}

/** An Erlang string; only printable ASCII stands in it as it is. */
function erlangString(text: string): string {
  const escaped = [...Buffer.from(text, 'utf8')].map((byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x{${byte.toString(16)}}`,
  );
  return `"${escaped.join('')}"`;
}
