import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { IDENTITY_PATHS, TOKEN_AUDIENCE } from '@tillcast/protocol/http/identity-api';
import { scopesOf } from '@tillcast/protocol/identity/scopes';
import { z } from 'zod';
import { jwtPart, signEs256 } from './jwt.ts';
import type { Stage } from './stage.ts';

/** What a forger has at hand. */
interface Forge {
  /** The deployment’s public key, which everybody may fetch. */
  readonly publicKey: KeyObject;
  readonly publicJwk: JsonWebKey;
  readonly kid: string;
  /** The forger’s own keys. */
  readonly own: KeyObject;
  readonly ownJwk: JsonWebKey;
  readonly rsa: KeyObject;
  /** A token that the backend made, for the forger’s own till. */
  readonly real: string;
  /** What the forged token is to say: that it is the other license’s till. */
  readonly claims: Readonly<Record<string, unknown>>;
}

type Trick = (forge: Forge) => string;

/** Ways to make a token that nobody signed; each must be refused by the API and by the broker alike. */
const TRICKS: Readonly<Record<string, Trick>> = {
  'alg none': ({ claims }) => `${jwtPart({ alg: 'none', typ: 'at+jwt' })}.${jwtPart(claims)}.`,
  'alg nOnE with the real kid': ({ claims, kid }) =>
    `${jwtPart({ alg: 'nOnE', typ: 'at+jwt', kid })}.${jwtPart(claims)}.`,
  'HS256 with the public key in PEM as the secret': ({ claims, kid, publicKey }) =>
    hs256({ kid }, claims, publicKey.export({ type: 'spki', format: 'pem' })),
  'HS256 with the public key as a JWK as the secret': ({ claims, kid, publicJwk }) =>
    hs256({ kid }, claims, JSON.stringify(publicJwk)),
  'HS256 with an empty secret and a kid that leads out (../../../dev/null)': ({ claims }) =>
    hs256({ kid: '../../../../dev/null' }, claims, ''),
  'RS256 with a key of its own and the real kid': ({ claims, kid, rsa }) => {
    const text = `${jwtPart({ alg: 'RS256', typ: 'at+jwt', kid })}.${jwtPart(claims)}`;
    return `${text}.${sign('sha256', Buffer.from(text), rsa).toString('base64url')}`;
  },
  'own key, the real kid': ({ claims, kid, own }) => signEs256(head({ kid }), claims, own),
  'own key, its own kid': ({ claims, own }) => signEs256(head({ kid: 'forgers-key' }), claims, own),
  'own key, no kid': ({ claims, own }) => signEs256(head({}), claims, own),
  'own key, in the header (jwk)': ({ claims, kid, own, ownJwk }) =>
    signEs256(head({ kid, jwk: ownJwk }), claims, own),
  'own key, at an address in the header (jku)': ({ claims, own }) =>
    signEs256(head({ kid: 'forgers-key', jku: 'http://127.0.0.1:9/jwks.json' }), claims, own),
  'own key, at an address in the header (x5u)': ({ claims, kid, own }) =>
    signEs256(head({ kid, x5u: 'http://127.0.0.1:9/key.pem' }), claims, own),
  'a kid that would end a query': ({ claims, own }) => signEs256(head({ kid: "' OR '1'='1" }), claims, own),
  'the signature of its own token under the other’s claims': ({ claims, real }) => {
    const [header, , signature] = real.split('.');
    return `${header}.${jwtPart(claims)}.${signature}`;
  },
  'its own token made longer-lived, with the old signature': ({ real }) => {
    const [header, payload = '', signature] = real.split('.');
    const said = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return `${header}.${jwtPart({ ...said, exp: 4_102_444_800 })}.${signature}`;
  },
  'its own token without its signature': ({ real }) => `${real.split('.').slice(0, 2).join('.')}.`,
  'a signature of zeros': ({ claims, kid }) =>
    `${jwtPart(head({ kid }))}.${jwtPart(claims)}.${Buffer.alloc(64).toString('base64url')}`,
  'an extension that must be understood (crit)': ({ claims, kid, own }) =>
    signEs256(head({ kid, crit: ['b64'], b64: false }), claims, own),
};

export const TRICK_NAMES: readonly string[] = Object.keys(TRICKS);

const jwksSchema = z.object({
  keys: z.array(
    z.object({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string(), kid: z.string() }),
  ),
});

/** A token that says it is the other license’s till, made by one of the tricks. */
export async function forgedToken(stage: Stage, trick: string): Promise<string> {
  const make = TRICKS[trick];
  if (make === undefined) throw new Error(`There is no trick "${trick}".`);
  const answer = await stage.api.send({ path: IDENTITY_PATHS.jwks });
  const [published] = jwksSchema.parse(answer.json()).keys;
  if (published === undefined) throw new Error('The key set is empty.');
  const { kid, ...publicJwk } = published;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { licenseKey, terminalId, issuer } = stage.other;
  const now = Math.floor(Date.now() / 1_000);
  return make({
    publicKey: createPublicKey({ key: publicJwk, format: 'jwk' }),
    publicJwk,
    kid,
    own: privateKey,
    ownJwk: publicKey.export({ format: 'jwk' }),
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    real: await stage.own.token(),
    claims: {
      iss: issuer,
      aud: TOKEN_AUDIENCE,
      sub: terminalId,
      license_key: licenseKey,
      scope: scopesOf(licenseKey, terminalId).join(' '),
      jti: randomUUID(),
      iat: now,
      exp: now + 600,
    },
  });
}

function head(members: Readonly<Record<string, unknown>>): object {
  return { alg: 'ES256', typ: 'at+jwt', ...members };
}

function hs256(members: Readonly<Record<string, unknown>>, claims: object, secret: string | Buffer): string {
  const text = `${jwtPart({ alg: 'HS256', typ: 'at+jwt', ...members })}.${jwtPart(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
