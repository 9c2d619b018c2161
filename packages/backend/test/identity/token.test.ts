import { createHmac } from 'node:crypto';
import { auditPageSchema } from '@tillcast/protocol/http/admin-api';
import { ASSERTION_TYPE, IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { SALES_SCOPE, scopesOf } from '@tillcast/protocol/identity/scopes';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import {
  CompactSign,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTPayload,
  UnsecuredJWT,
} from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { integerColumn, statement } from '../../src/database/statement.ts';
import { type Answer, expectProblem, IDENTITY, openTestApp, type TestApp } from '../http/test-app.ts';
import {
  activatedTill,
  askToken,
  askVersion,
  assertionOf,
  goodClaims,
  newLicense,
  newTillKeys,
  type OtherClaims,
  secondsOf,
  signed,
  type TestTill,
  tokenOf,
} from './test-till.ts';

const KEY = parseLicenseKey('EXTRO-LIFE-TOKEN1');
const OTHER = parseLicenseKey('EXTRO-LIFE-TOKEN2');
const NOBODY = '0192f0c1-7a52-4c3e-9d3a-3f1c6f1d2a99';

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

test('[G5] what RFC 7523 allows is taken: the audience as a list of one, a clock that is off by half a minute', async () => {
  const now = secondsOf(on.clock);
  for (const claims of [
    { aud: [IDENTITY.issuer] },
    { iat: now + 30, exp: now + 90 },
    { iat: now - 89, exp: now - 29 },
    { nbf: now + 30 },
    { exp: now + 5 },
    { jti: 'a' },
    { extra: { nested: true } },
  ]) {
    const answer = await askToken(on, await assertionOf(on, till, claims));
    expect(answer.statusCode, JSON.stringify(claims)).toBe(200);
  }
});

/** Every answer is the same, byte for byte, but for the request's id. */
async function expectRefused(answer: Answer): Promise<void> {
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

test.each<[string, (now: number) => OtherClaims]>([
  ['another audience', () => ({ aud: 'https://elsewhere.test' })],
  ['an audience that only begins like ours', () => ({ aud: `${IDENTITY.issuer}/` })],
  ['a second audience', () => ({ aud: [IDENTITY.issuer, 'https://elsewhere.test'] })],
  ['no audience', () => ({ aud: undefined })],
  ['an empty list of audiences', () => ({ aud: [] })],
  ['another issuer', () => ({ iss: NOBODY })],
  ['no issuer', () => ({ iss: undefined })],
  ['another subject', () => ({ sub: NOBODY })],
  ['no subject', () => ({ sub: undefined })],
  ['a subject that is no id', () => ({ sub: "' OR 1=1 --", iss: "' OR 1=1 --" })],
  ['a life of 61 s', (now) => ({ iat: now, exp: now + 61 })],
  ['a life without end', (now) => ({ iat: now, exp: now + 1e9 })],
  ['no end', () => ({ exp: undefined })],
  ['no beginning', () => ({ iat: undefined })],
  ['an end before its beginning', (now) => ({ iat: now + 20, exp: now + 10 })],
  ['an end half a minute ago', (now) => ({ iat: now - 90, exp: now - 30 })],
  ['a beginning 31 s ahead', (now) => ({ iat: now + 31, exp: now + 61 })],
  ['not yet valid', (now) => ({ nbf: now + 31 })],
  ['an end in text', (now) => ({ exp: String(now + 60) })],
  ['no id', () => ({ jti: undefined })],
  ['an empty id', () => ({ jti: '' })],
  ['an id of 129 characters', () => ({ jti: 'a'.repeat(129) })],
  ['an id with NUL', () => ({ jti: 'a\0b' })],
])('[G5] an assertion with %s is refused', async (_what, claims) => {
  await expectRefused(await askToken(on, await assertionOf(on, till, claims(secondsOf(on.clock)))));
});

test('[G5] an assertion counts once, also of many that come at once', async () => {
  const assertion = await assertionOf(on, till);
  const answers = await Promise.all(Array.from({ length: 20 }, () => askToken(on, assertion)));
  expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
  for (const answer of answers) if (answer.statusCode !== 200) await expectRefused(answer);
  await expectRefused(await askToken(on, assertion));
  // The same id in an assertion that is signed anew is the same assertion.
  const { jti } = decodeJwt(assertion);
  await expectRefused(
    await askToken(on, await assertionOf(on, till, { jti, exp: secondsOf(on.clock) + 30 })),
  );
  // Another terminal may use the same.
  expect((await askToken(on, await assertionOf(on, stranger, { jti }))).statusCode).toBe(200);
});

test('[G5] an assertion that another key signed is refused, whatever its header brings along', async () => {
  const forger = await newTillKeys();
  const claims = (): JWTPayload => goodClaims(on, till);
  const own = { ...forger.jwk, kid: 'mine' };
  for (const header of [
    {},
    { kid: till.activation.terminal_id },
    { jwk: forger.jwk },
    { jwk: own, kid: 'mine' },
    { jku: 'http://127.0.0.1:9/jwks.json', kid: 'mine' },
    { x5u: 'http://127.0.0.1:9/cert.pem' },
    { x5c: [Buffer.from('certificate').toString('base64')] },
    { kid: '../../../../dev/null' },
    { kid: "' UNION SELECT public_key FROM terminals --" },
    { typ: 'at+jwt' },
  ]) {
    await expectRefused(await askToken(on, await signed(claims(), forger.privateKey, header)));
  }
  // A terminal that is real cannot speak for another one.
  await expectRefused(await askToken(on, await signed(claims(), stranger.privateKey)));
  await expectRefused(
    await askToken(on, await signed({ ...claims(), iss: stranger.activation.terminal_id }, till.privateKey)),
  );
  // What must be understood, and is not, is refused even with the right signature.
  const crit = await new CompactSign(Buffer.from(JSON.stringify(claims())))
    .setProtectedHeader({ alg: 'ES256', crit: ['tillcast'], tillcast: true })
    .sign(till.privateKey, { crit: { tillcast: true } });
  await expectRefused(await askToken(on, crit));
});

test('[G5] there is one algorithm: none, HMAC with the public key, RSA and other curves are refused', async () => {
  const claims = (): JWTPayload => goodClaims(on, till);
  await expectRefused(await askToken(on, new UnsecuredJWT(claims()).encode()));
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const spki = await exportSPKI(till.publicKey);
  for (const secret of [spki, spki.trim(), JSON.stringify(till.jwk), String(till.jwk.x)]) {
    const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims())}`;
    const mac = createHmac('sha256', secret).update(text).digest('base64url');
    await expectRefused(await askToken(on, `${text}.${mac}`));
  }
  for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA']) {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    await expectRefused(await askToken(on, await signed(claims(), privateKey, { alg, jwk })));
  }
  const [, body = '', signature = ''] = (await assertionOf(on, till)).split('.');
  for (const alg of ['none', 'NONE', 'nOnE', 'es256', 'HS256', '', null, 1, ['ES256']]) {
    await expectRefused(await askToken(on, `${part({ alg })}.${body}.`));
    await expectRefused(await askToken(on, `${part({ alg })}.${body}.${signature}`));
  }
});

test('[G5] what is no assertion at all is refused alike', async () => {
  const good = await assertionOf(on, till);
  const [head = '', body = '', signature = ''] = good.split('.');
  const zeros = Buffer.alloc(64).toString('base64url');
  const json = Buffer.from(JSON.stringify({ alg: 'ES256' })).toString('base64url');
  for (const text of [
    'x',
    '..',
    '...',
    `${head}.${body}`,
    `${head}.${body}.`,
    `${head}.${body}.${zeros}`,
    `${head}.${body}.${signature}.${signature}`,
    `${head}.${body}.${signature.slice(0, -4)}`,
    `${head}.${body} .${signature}`,
    `${json}.${Buffer.from('[]').toString('base64url')}.${signature}`,
    `${json}.${Buffer.from('null').toString('base64url')}.${signature}`,
    `${json}.${Buffer.from('{"sub":1}').toString('base64url')}.${signature}`,
    `${json}.${Buffer.from([0xff, 0xfe]).toString('base64url')}.${signature}`,
    '\u0000',
    '%00',
    'é'.repeat(100),
  ]) {
    await expectRefused(await askToken(on, text));
  }
});

test('[G5] a terminal that does not exist, and one that only named itself, are answered alike', async () => {
  const keys = await newTillKeys();
  for (const id of [NOBODY, 'ffffffff-ffff-ffff-ffff-ffffffffffff']) {
    const claims = { ...goodClaims(on, till), iss: id, sub: id };
    await expectRefused(await askToken(on, await signed(claims, keys.privateKey)));
    await expectRefused(await askToken(on, await signed(claims, till.privateKey)));
  }
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
    [`${form}&client_assertion=x`, 400, 'request_invalid'],
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
  await expectRefused(await askToken(on, assertion));
  await expectRefused(await askToken(on, await forged()));
  await on.admin('POST', `/api/v1/admin/licenses/${KEY}/resume`);
  await on.admin('PATCH', `/api/v1/admin/licenses/${KEY}`, { valid_until: '2020-01-01T00:00:00.000Z' });
  expectProblem(await askToken(on, await assertionOf(on, own)), 403, 'license_expired');
  await on.admin('PATCH', `/api/v1/admin/licenses/${KEY}`, { valid_until: null });
  await on.admin('POST', `/api/v1/admin/terminals/${id}/revoke`);
  expectProblem(await askToken(on, await assertionOf(on, own)), 403, 'terminal_revoked');
  await expectRefused(await askToken(on, await forged()));
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
