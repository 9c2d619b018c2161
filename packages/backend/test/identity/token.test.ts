import { SALES_SCOPE, scopesOf } from '@tillcast/protocol/identity/scopes';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectProblem, IDENTITY, openTestApp, type TestApp } from '../http/test-app.ts';
import {
  activatedTill,
  askToken,
  askVersion,
  assertionOf,
  newLicense,
  secondsOf,
  type TestTill,
  tokenOf,
} from './test-till.ts';

const KEY = parseLicenseKey('EXTRO-LIFE-TOKEN1');

let on: TestApp;
let till: TestTill;
beforeAll(async () => {
  on = await openTestApp({ identity: { auth: 'token' } });
  on.clock = new Date();
  till = await activatedTill(on, KEY, await newLicense(on, KEY));
});
afterAll(() => on[Symbol.asyncDispose]());

test('[G1] a till that signs an assertion gets a token with exactly its scopes, good for the sync API', async () => {
  const answer = await askToken(on, await assertionOf(on, till));
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['cache-control']).toBe('no-store');
  const token = await tokenOf(on, till);
  const id = till.activation.terminal_id;
  const scopes = scopesOf(KEY, id);
  expect(token).toMatchObject({ token_type: 'Bearer', expires_in: 600, scope: scopes.join(' ') });
  expect(decodeProtectedHeader(token.access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
  const iat = secondsOf(on.clock);
  expect(decodeJwt(token.access_token)).toEqual({
    iss: IDENTITY.issuer,
    aud: 'tillcast',
    sub: id,
    license_key: KEY,
    scope: scopes.join(' '),
    jti: expect.any(String),
    iat,
    exp: iat + 600,
  });
  const version = await askVersion(on, token.access_token);
  expect(version.statusCode).toBe(200);
  expect(version.json()).toMatchObject({ license_key: KEY });
  void SALES_SCOPE;
  void expectProblem;
});
