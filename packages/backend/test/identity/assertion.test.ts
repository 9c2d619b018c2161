import { createHmac } from 'node:crypto';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import {
  CompactSign,
  decodeJwt,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTPayload,
  UnsecuredJWT,
} from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IDENTITY, openTestApp, type TestApp } from '../http/test-app.ts';
import {
  activatedTill,
  askToken,
  assertionOf,
  expectRefused,
  goodClaims,
  newLicense,
  newTillKeys,
  type OtherClaims,
  secondsOf,
  signed,
  type TestTill,
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
  ['a subject in capitals', () => ({ sub: till.activation.terminal_id.toUpperCase() })],
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
  expectRefused(await askToken(on, await assertionOf(on, till, claims(secondsOf(on.clock)))));
});

test('[G5] an assertion counts once, also of many that come at once', async () => {
  const assertion = await assertionOf(on, till);
  const answers = await Promise.all(Array.from({ length: 20 }, () => askToken(on, assertion)));
  expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
  for (const answer of answers) if (answer.statusCode !== 200) expectRefused(answer);
  expectRefused(await askToken(on, assertion));
  // The same id in an assertion that is signed anew is the same assertion.
  const { jti } = decodeJwt(assertion);
  expectRefused(await askToken(on, await assertionOf(on, till, { jti, exp: secondsOf(on.clock) + 30 })));
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
    expectRefused(await askToken(on, await signed(claims(), forger.privateKey, header)));
  }
  // A terminal that is real cannot speak for another one.
  expectRefused(await askToken(on, await signed(claims(), stranger.privateKey)));
  expectRefused(
    await askToken(on, await signed({ ...claims(), iss: stranger.activation.terminal_id }, till.privateKey)),
  );
  // What must be understood, and is not, is refused even with the right signature.
  const crit = await new CompactSign(Buffer.from(JSON.stringify(claims())))
    .setProtectedHeader({ alg: 'ES256', crit: ['tillcast'], tillcast: true })
    .sign(till.privateKey, { crit: { tillcast: true } });
  expectRefused(await askToken(on, crit));
});

test('[G5] there is one algorithm: none, HMAC with the public key, RSA and other curves are refused', async () => {
  const claims = (): JWTPayload => goodClaims(on, till);
  expectRefused(await askToken(on, new UnsecuredJWT(claims()).encode()));
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const spki = await exportSPKI(till.publicKey);
  for (const secret of [spki, spki.trim(), JSON.stringify(till.jwk), String(till.jwk.x)]) {
    const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims())}`;
    const mac = createHmac('sha256', secret).update(text).digest('base64url');
    expectRefused(await askToken(on, `${text}.${mac}`));
  }
  for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA']) {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    expectRefused(await askToken(on, await signed(claims(), privateKey, { alg, jwk })));
  }
  const [, body = '', signature = ''] = (await assertionOf(on, till)).split('.');
  for (const alg of ['none', 'NONE', 'nOnE', 'es256', 'HS256', '', null, 1, ['ES256']]) {
    expectRefused(await askToken(on, `${part({ alg })}.${body}.`));
    expectRefused(await askToken(on, `${part({ alg })}.${body}.${signature}`));
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
    expectRefused(await askToken(on, text));
  }
});

test('[G5] a terminal that does not exist, and one that only named itself, are answered alike', async () => {
  const keys = await newTillKeys();
  for (const id of [NOBODY, 'ffffffff-ffff-ffff-ffff-ffffffffffff']) {
    const claims = { ...goodClaims(on, till), iss: id, sub: id };
    expectRefused(await askToken(on, await signed(claims, keys.privateKey)));
    expectRefused(await askToken(on, await signed(claims, till.privateKey)));
  }
});
