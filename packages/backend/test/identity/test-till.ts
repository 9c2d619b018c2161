import { randomUUID } from 'node:crypto';
import { createdLicenseSchema } from '@tillcast/protocol/http/admin-api';
import {
  type Activation,
  ASSERTION_TYPE,
  activationSchema,
  IDENTITY_PATHS,
  type TokenAnswer,
  tokenAnswerSchema,
} from '@tillcast/protocol/http/identity-api';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { expect } from 'vitest';
import { type Answer, expectProblem, IDENTITY, type TestApp } from '../http/test-app.ts';

/** A till's key pair; the public half as it is sent. */
export interface TillKeys {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

/** A till that was activated. */
export interface TestTill extends TillKeys {
  readonly activation: Activation;
}

export async function newTillKeys(): Promise<TillKeys> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const { kty, crv, x, y } = await exportJWK(publicKey);
  return { privateKey, publicKey, jwk: { kty, crv, x, y } as JWK };
}

/** Creates a license over the admin API. @returns its activation code */
export async function newLicense(on: TestApp, key: string, more: object = {}): Promise<string> {
  const answer = await on.admin('POST', '/api/v1/admin/licenses', { key, ...more });
  return createdLicenseSchema.parse(answer.json()).activation_code;
}

export async function askActivation(
  on: TestApp,
  request: { readonly key: string; readonly code: string; readonly jwk: JWK; readonly name?: string },
): Promise<Answer> {
  const { key, code, jwk, name = 'Counter 1' } = request;
  return on.app.inject({
    method: 'POST',
    url: IDENTITY_PATHS.activate,
    payload: { license_key: key, activation_code: code, name, public_key: jwk },
  });
}

/** A till of this license; rejects where it is refused. */
export async function activatedTill(on: TestApp, key: string, code: string): Promise<TestTill> {
  const keys = await newTillKeys();
  const answer = await askActivation(on, { key, code, jwk: keys.jwk });
  if (answer.statusCode !== 201) throw new Error(`The activation was refused: ${answer.body}`);
  return { ...keys, activation: activationSchema.parse(answer.json()) };
}

export function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** The claims of a good assertion at the app's clock. */
export function goodClaims(on: TestApp, till: TestTill): JWTPayload {
  const id = till.activation.terminal_id;
  const iat = secondsOf(on.clock);
  return { iss: id, sub: id, aud: IDENTITY.issuer, jti: randomUUID(), iat, exp: iat + 60 };
}

export function signed(claims: JWTPayload, key: CryptoKey, header: object = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header }).sign(key);
}

/** Claims instead of good ones; undefined takes one out. */
export type OtherClaims = Readonly<Record<string, unknown>>;

/** A good assertion, with these claims instead. */
export function assertionOf(on: TestApp, till: TestTill, claims: OtherClaims = {}): Promise<string> {
  return signed({ ...goodClaims(on, till), ...claims }, till.privateKey);
}

export function askToken(on: TestApp, assertion: string, more: Record<string, string> = {}): Promise<Answer> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
    ...more,
  });
  return on.app.inject({
    method: 'POST',
    url: IDENTITY_PATHS.token,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: form.toString(),
  });
}

/** A token for the till; rejects where it is refused. */
export async function tokenOf(
  on: TestApp,
  till: TestTill,
  more: Record<string, string> = {},
): Promise<TokenAnswer> {
  const answer = await askToken(on, await assertionOf(on, till), more);
  if (answer.statusCode !== 200) throw new Error(`The token was refused: ${answer.body}`);
  return tokenAnswerSchema.parse(answer.json());
}

/** Asks the sync API where the catalog stands, with this token. */
export function askVersion(
  on: TestApp,
  token: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return on.get('/api/v1/sync/version', { authorization: `Bearer ${token}`, ...headers });
}

/** Every refused assertion is answered alike, word for word, but for the request's id. */
export function expectRefused(answer: Answer): void {
  const { request_id: _, ...problem } = expectProblem(answer, 401, 'assertion_invalid');
  expect(problem).toEqual({
    type: 'urn:tillcast:problem:assertion_invalid',
    title: 'The assertion is not valid',
    status: 401,
    code: 'assertion_invalid',
    detail:
      'The assertion is not valid. Check the clock of this machine; if it is right, activate the till again.',
  });
}

/** The answer to a token that is none, or no more. */
export function expectInvalid(
  answer: Answer,
  problem: 'token_invalid' | 'token_expired' = 'token_invalid',
): void {
  expectProblem(answer, 401, problem);
  expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token"/);
}
