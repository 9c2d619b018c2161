import { auditPageSchema } from '@tillcast/protocol/http/admin-api';
import { ASSERTION_TYPE, IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { SALES_SCOPE, scopesOf } from '@tillcast/protocol/identity/scopes';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { integerColumn, statement } from '../../src/database/statement.ts';
import { expectProblem, IDENTITY, openTestApp, type TestApp } from '../http/test-app.ts';
import {
  activatedTill,
  askToken,
  askVersion,
  assertionOf,
  expectRefused,
  goodClaims,
  newLicense,
  secondsOf,
  signed,
  type TestTill,
  tokenOf,
} from './test-till.ts';

const KEY = parseLicenseKey('EXTRO-LIFE-TOKEN1');
const OTHER = parseLicenseKey('EXTRO-LIFE-TOKEN2');

let on: TestApp;
let till: TestTill;
let stranger: TestTill;
let code: string;
beforeAll(async () => {
  on = await openTestApp({ identity: { auth: 'token' }, limits: { rates: 'off', trustedProxies: [] } });
  on.clock = new Date();
  code = await newLicense(on, KEY, { terminals_max: 100 });
  till = await activatedTill(on, KEY, code);
  stranger = await activatedTill(on, OTHER, await newLicense(on, OTHER));
});
afterAll(() => on[Symbol.asyncDispose]());

test('[G1] a till that signs an assertion gets a token with exactly its scopes, good for the sync API', async () => {
  const answer = await askToken(on, await assertionOf(on, till));
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['cache-control']).toBe('no-store');
  const token = await tokenOf(on, till);
  const id = till.activation.terminal_id;
  const scope = scopesOf(KEY, id).join(' ');
  expect(token).toMatchObject({ token_type: 'Bearer', expires_in: 600, scope });
  expect(token.broker).toEqual({ urls: IDENTITY.terminalAmqpUrls });
  expect(token.message_keys).toEqual(till.activation.message_keys);
  expect(decodeProtectedHeader(token.access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
  const iat = secondsOf(on.clock);
  expect(decodeJwt(token.access_token)).toEqual({
    iss: IDENTITY.issuer,
    aud: 'tillcast',
    sub: id,
    license_key: KEY,
    scope,
    jti: expect.any(String),
    iat,
    exp: iat + 600,
  });
  const version = await askVersion(on, token.access_token);
  expect(version.statusCode).toBe(200);
  expect(version.json()).toMatchObject({ license_key: KEY });
});

test('[G5] the request is a form with each field once; JSON and other grants are refused', async () => {
  const assertion = await assertionOf(on, till);
  const json = await on.app.inject({
    method: 'POST',
    url: IDENTITY_PATHS.token,
    payload: {
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
    },
  });
  expectProblem(json, 415, 'media_type_unsupported');
  for (const more of [
    { grant_type: 'password' },
    { grant_type: 'authorization_code' },
    { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' },
    { scope: 'configure:*/*' },
    { scope: `read:*/pos_license_events/license.${OTHER}.*` },
    { client_assertion: '' },
    { client_assertion: 'a'.repeat(5000) },
  ]) {
    expectProblem(await askToken(on, assertion, more), 400, 'request_invalid');
  }
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
  });
  for (const [payload, status, problem] of [
    [`${form.toString()}&client_assertion=x`, 400, 'request_invalid'],
    [`__proto__[client_assertion]=${assertion}`, 400, 'request_invalid'],
    ['', 400, 'request_invalid'],
    [`x=${'a'.repeat(20_000)}`, 413, 'request_too_large'],
  ] as const) {
    const answer = await on.app.inject({
      method: 'POST',
      url: IDENTITY_PATHS.token,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload,
    });
    expectProblem(answer, status, problem);
  }
  const inAddress = await on.app.inject({
    method: 'POST',
    url: `${IDENTITY_PATHS.token}?client_assertion=${assertion}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: form.toString(),
  });
  expectProblem(inAddress, 400, 'request_invalid');
  // None of them has used it up.
  expect((await askToken(on, assertion)).statusCode).toBe(200);
});

test('[G5] only who has proven himself is told that license or terminal has ended', async () => {
  const own = await activatedTill(on, KEY, code);
  const forged = async (): Promise<string> => signed(goodClaims(on, own), stranger.privateKey);
  const id = own.activation.terminal_id;
  await on.admin('POST', `/api/v1/admin/licenses/${KEY}/suspend`);
  const assertion = await assertionOf(on, own);
  expectProblem(await askToken(on, assertion), 403, 'license_suspended');
  expectRefused(await askToken(on, assertion));
  expectRefused(await askToken(on, await forged()));
  await on.admin('POST', `/api/v1/admin/licenses/${KEY}/resume`);
  await on.admin('PATCH', `/api/v1/admin/licenses/${KEY}`, { valid_until: '2020-01-01T00:00:00.000Z' });
  expectProblem(await askToken(on, await assertionOf(on, own)), 403, 'license_expired');
  await on.admin('PATCH', `/api/v1/admin/licenses/${KEY}`, { valid_until: null });
  await on.admin('POST', `/api/v1/admin/terminals/${id}/revoke`);
  expectProblem(await askToken(on, await assertionOf(on, own)), 403, 'terminal_revoked');
  expectRefused(await askToken(on, await forged()));
});

test('[G9] after an end there are tokens for sales alone, for three days, and they open nothing else', async () => {
  const start = on.clock;
  const own = await activatedTill(on, KEY, code);
  const sales = { scope: SALES_SCOPE };
  const before = await tokenOf(on, own, sales);
  expect(before).toMatchObject({ scope: SALES_SCOPE });
  expectProblem(await askVersion(on, before.access_token), 403, 'scope_insufficient');
  await on.admin('POST', `/api/v1/admin/terminals/${own.activation.terminal_id}/revoke`);
  const token = await tokenOf(on, own, sales);
  expect(decodeJwt(token.access_token)).toMatchObject({ scope: SALES_SCOPE, license_key: KEY });
  expectProblem(await askVersion(on, token.access_token), 403, 'terminal_revoked');
  on.clock = new Date(start.getTime() + 72 * 3_600_000 - 5000);
  const last = await tokenOf(on, own, sales);
  expect(last.expires_in).toBeLessThanOrEqual(5);
  on.clock = new Date(start.getTime() + 72 * 3_600_000 + 1000);
  expectProblem(await askToken(on, await assertionOf(on, own), sales), 403, 'terminal_revoked');
  on.clock = start;
});

test('[G1] a token does not outlive its license', async () => {
  const until = new Date(on.clock.getTime() + 90_000);
  await on.admin('PATCH', `/api/v1/admin/licenses/${OTHER}`, { valid_until: until.toISOString() });
  expect((await tokenOf(on, stranger)).expires_in).toBe(90);
  await on.admin('PATCH', `/api/v1/admin/licenses/${OTHER}`, { valid_until: null });
  expect((await tokenOf(on, stranger)).expires_in).toBe(600);
});

test('assertions that could not come again are forgotten', async () => {
  const count = statement<{ left: number }>(
    'test_count_assertions',
    'SELECT count(*) AS left FROM assertions',
    {
      left: integerColumn,
    },
  );
  await tokenOf(on, till);
  expect((await on.database.query(count))[0]?.left).toBeGreaterThan(1);
  const start = on.clock;
  // Beyond all that other tests have done.
  on.clock = new Date(start.getTime() + 100 * 3_600_000);
  await tokenOf(on, till);
  expect((await on.database.query(count))[0]?.left).toBe(1);
  on.clock = start;
});

test('refused assertions are in the audit log, of one address one in ten seconds, with how many there were', async () => {
  const own = await openTestApp({ identity: { auth: 'token' } });
  try {
    own.clock = new Date();
    for (let tries = 0; tries < 5; tries += 1) await askToken(own, 'x');
    own.clock = new Date(own.clock.getTime() + 10_000);
    await askToken(own, 'x');
    const { entries } = auditPageSchema.parse((await own.admin('GET', '/api/v1/admin/audit')).json());
    const refused = entries.filter(({ act }) => act === 'token.refused');
    expect(refused.map(({ actor, detail }) => [actor, JSON.parse(detail)])).toEqual([
      ['address 127.0.0.1', { code: 'assertion_invalid', count: 1 }],
      ['address 127.0.0.1', { code: 'assertion_invalid', count: 5 }],
    ]);
  } finally {
    await own[Symbol.asyncDispose]();
  }
});

test('[G12] a suspended till that goes on asking is in the audit log once an hour for each reason, with how often it asked', async () => {
  const start = on.clock;
  const [own, other] = [await activatedTill(on, KEY, code), await activatedTill(on, KEY, code)];
  await on.admin('POST', `/api/v1/admin/licenses/${KEY}/suspend`);
  for (let minute = 0; minute <= 60; minute += 1) {
    on.clock = new Date(start.getTime() + minute * 60_000);
    expectProblem(await askToken(on, await assertionOf(on, own)), 403, 'license_suspended');
  }
  expectProblem(await askToken(on, await assertionOf(on, other)), 403, 'license_suspended');
  await on.admin('POST', `/api/v1/admin/licenses/${KEY}/resume`);
  await on.admin('POST', `/api/v1/admin/terminals/${own.activation.terminal_id}/revoke`);
  expectProblem(await askToken(on, await assertionOf(on, own)), 403, 'terminal_revoked');
  on.clock = start;
  const { entries } = auditPageSchema.parse((await on.admin('GET', '/api/v1/admin/audit?limit=1000')).json());
  const [ownId, otherId] = [own, other].map(({ activation }) => activation.terminal_id);
  const said = entries.filter(
    ({ act, subject }) => act === 'token.refused' && (subject === ownId || subject === otherId),
  );
  const address = '127.0.0.1';
  expect(said.map(({ actor, detail }) => [actor, JSON.parse(detail)])).toEqual([
    [`terminal ${ownId}`, { code: 'license_suspended', count: 1, address }],
    [`terminal ${ownId}`, { code: 'license_suspended', count: 60, address }],
    [`terminal ${otherId}`, { code: 'license_suspended', count: 1, address }],
    [`terminal ${ownId}`, { code: 'terminal_revoked', count: 1, address }],
  ]);
});
