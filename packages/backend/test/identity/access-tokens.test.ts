import { createHmac } from 'node:crypto';
import { accessTokenClaimsSchema, TOKEN_AUDIENCE } from '@tillcast/protocol/http/identity-api';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { scopesOf } from '@tillcast/protocol/identity/scopes';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredKeyRing } from '../../src/keys/stored-key-ring.ts';
import { AccessTokens } from '../../src/sync-api/access-tokens.ts';
import { IDENTITY, openTestApp, type TestApp } from '../http/test-app.ts';
import {
  activatedTill,
  askVersion,
  expectInvalid,
  newLicense,
  secondsOf,
  signed,
  type TestTill,
} from './test-till.ts';

const KEY = parseLicenseKey('EXTRO-LIFE-GATE01');
const OTHER = parseLicenseKey('EXTRO-LIFE-GATE02');

let on: TestApp;
let till: TestTill;
beforeAll(async () => {
  on = await openTestApp({ identity: { auth: 'token' }, limits: { rates: 'off', trustedProxies: [] } });
  on.clock = new Date();
  till = await activatedTill(on, KEY, await newLicense(on, KEY));
});
afterAll(() => on[Symbol.asyncDispose]());

/** The claims of a good token. */
function claims(): JWTPayload {
  const iat = secondsOf(on.clock);
  const sub = till.activation.terminal_id;
  const scope = scopesOf(KEY, sub).join(' ');
  return {
    iss: IDENTITY.issuer,
    aud: TOKEN_AUDIENCE,
    sub,
    license_key: KEY,
    scope,
    jti: 'a',
    iat,
    exp: iat + 60,
  };
}

test('[G6] a token of another kind, for another, from another, or of another key is refused', async () => {
  const ring = on.keys;
  const good = await ring.signToken(claims());
  expect((await askVersion(on, good)).statusCode).toBe(200);
  const now = secondsOf(on.clock);
  for (const change of [
    { iss: 'https://elsewhere.test' },
    { iss: undefined },
    { aud: 'rabbitmq' },
    { aud: undefined },
    { aud: ['elsewhere'] },
    { sub: undefined },
    { sub: 'till-1' },
    { license_key: undefined },
    { license_key: 'EXTRO-LIFE-NOBODY' },
    { license_key: '*' },
    { license_key: [KEY, OTHER] },
    { scope: undefined },
    { scope: ['a'] },
    { jti: undefined },
    { iat: undefined },
    { exp: undefined },
    { exp: String(now + 60) },
    { exp: now + 0.5 },
    { nbf: now + 60 },
  ]) {
    const token = await ring.signToken({ ...claims(), ...change } as JWTPayload);
    expectInvalid(await askVersion(on, token));
  }
  expectInvalid(await askVersion(on, await ring.signToken({ ...claims(), exp: now })), 'token_expired');
  expectInvalid(await askVersion(on, await ring.signToken({ ...claims(), exp: 1 })), 'token_expired');
});

test('[G6] none, HMAC with our public key, other algorithms, and keys that the token brings along are refused', async () => {
  const good = await on.keys.signToken(claims());
  const [head = '', body = '', signature = ''] = good.split('.');
  const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const own = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(own.publicKey);
  const published = on.keys.tokenKey(kid);
  if (published === null) throw new Error('The key is not there.');
  const forged: string[] = [new UnsecuredJWT(claims()).encode()];
  for (const alg of ['none', 'None', 'HS256', 'es256', 'RS256', null]) {
    forged.push(
      `${part({ alg, kid, typ: 'at+jwt' })}.${body}.`,
      `${part({ alg, kid, typ: 'at+jwt' })}.${body}.${signature}`,
    );
  }
  for (const secret of [await exportSPKI(published), JSON.stringify(await exportJWK(published))]) {
    const text = `${part({ alg: 'HS256', kid, typ: 'at+jwt' })}.${body}`;
    forged.push(`${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`);
  }
  for (const header of [
    { kid, typ: 'at+jwt' },
    { kid: 'nobody-knows-it', typ: 'at+jwt' },
    { typ: 'at+jwt' },
    { kid: 'mine-and-only-mine', typ: 'at+jwt', jwk: { ...jwk, kid: 'mine-and-only-mine' } },
    { kid, typ: 'at+jwt', jku: 'http://127.0.0.1:9/jwks.json' },
    { kid, typ: 'at+jwt', x5u: 'http://127.0.0.1:9/cert.pem' },
    { kid, typ: 'at+jwt', x5c: ['AAAA'] },
    { kid: '__proto__', typ: 'at+jwt' },
    { kid: '../../etc/passwd', typ: 'at+jwt' },
    { kid: "' OR '1'='1", typ: 'at+jwt' },
  ]) {
    forged.push(
      await new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', ...header }).sign(own.privateKey),
    );
  }
  // A till signs with ES256 too: its own key makes no tokens, and its assertion is none.
  forged.push(await signed(claims(), till.privateKey, { kid, typ: 'at+jwt' }));
  forged.push(
    `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
    `${head}.${body}.`,
    `${head}.${body}`,
  );
  const otherBody = part({ ...claims(), license_key: OTHER });
  forged.push(`${head}.${otherBody}.${signature}`);
  for (const token of forged) expectInvalid(await askVersion(on, token));
  for (const authorization of [
    'Basic YTpi',
    'Bearer',
    'Bearer  ',
    `Bearer ${good} ${good}`,
    `Token ${good}`,
    good,
  ]) {
    expectInvalid(await on.get(SYNC_PATHS.version, { authorization, 'x-license-key': KEY }));
  }
  expectInvalid(await askVersion(on, 'a'.repeat(8000)));
});

test('[G6] another type of token of our own is none for here', async () => {
  const ring = on.keys;
  const typed = new AccessTokens({ keys: ring, issuer: IDENTITY.issuer, now: () => on.clock });
  await expect(typed.verify(await ring.signToken(claims()))).resolves.toMatchObject({ licenseKey: KEY });
  const pair = await generateKeyPair('ES256');
  const mine = { tokenKey: () => pair.publicKey };
  const untyped = new AccessTokens({ keys: mine, issuer: IDENTITY.issuer, now: () => on.clock });
  for (const typ of [undefined, 'JWT', 'logout+jwt']) {
    const header = { alg: 'ES256', kid: 'some-key-of-ours', ...(typ === undefined ? {} : { typ }) };
    const token = await new SignJWT(claims()).setProtectedHeader(header).sign(pair.privateKey);
    await expect(untyped.verify(token)).rejects.toMatchObject({ code: 'token_invalid' });
  }
});

test('[G6] a token that was found good is refused once it expires, and once its key is ours no more', async () => {
  let known = true;
  let asked = 0;
  const pair = await generateKeyPair('ES256');
  const keys: Pick<StoredKeyRing, 'tokenKey'> = {
    tokenKey: () => {
      asked += 1;
      return known ? pair.publicKey : null;
    },
  };
  let clock = on.clock;
  const tokens = new AccessTokens({ keys, issuer: IDENTITY.issuer, now: () => clock });
  const header = { alg: 'ES256', kid: 'some-key-of-ours', typ: 'at+jwt' };
  const token = await new SignJWT(claims()).setProtectedHeader(header).sign(pair.privateKey);
  const first = await tokens.verify(token);
  expect(await tokens.verify(token)).toBe(first);
  expect(asked).toBe(2);
  known = false;
  await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'token_invalid' });
  known = true;
  await expect(tokens.verify(token)).resolves.toMatchObject({ licenseKey: KEY });
  clock = new Date(clock.getTime() + 60_000);
  await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'token_expired' });
});

test('[G6] a token that was just signed here is known without a look at its signature, until it expires or its key is ours no more', async () => {
  let known = true;
  const pair = await generateKeyPair('ES256');
  // A key that its signature does not fit: had it been looked at, it would be refused.
  const keys: Pick<StoredKeyRing, 'tokenKey'> = { tokenKey: () => (known ? pair.publicKey : null) };
  let clock = on.clock;
  const fresh = (): AccessTokens => new AccessTokens({ keys, issuer: IDENTITY.issuer, now: () => clock });
  const made = claims();
  const said = accessTokenClaimsSchema.parse(made);
  const token = await on.keys.signToken(made);
  await expect(fresh().verify(token)).rejects.toMatchObject({ code: 'token_invalid' });
  const tokens = fresh();
  tokens.signed(token, said);
  await expect(tokens.verify(token)).resolves.toMatchObject({ licenseKey: KEY, salesOnly: false });
  await expect(tokens.verify(`${token}A`)).rejects.toMatchObject({ code: 'token_invalid' });
  known = false;
  await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'token_invalid' });
  known = true;
  tokens.signed(token, said);
  clock = new Date(clock.getTime() + 60_000);
  await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'token_invalid' });
});
