import { auditPageSchema, licenseSchema } from '@tillcast/protocol/http/admin-api';
import { activationSchema, IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { ACTIVATION_CODE_BYTES, parseActivationCode } from '@tillcast/protocol/identity/activation-code';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statement, textColumn } from '../../src/database/statement.ts';
import { hashOfCode, newActivationCode, sameHash } from '../../src/identity/activation-codes.ts';
import {
  type Answer,
  expectProblem,
  IDENTITY,
  LICENSE,
  openTestApp,
  type TestApp,
} from '../http/test-app.ts';
import { activatedTill, askActivation, newLicense, newTillKeys, type TillKeys } from './test-till.ts';

const ALL_CODES = statement<{ hash: string }>(
  'test_list_codes',
  "SELECT coalesce(activation_code_hash, '') AS hash FROM licenses",
  { hash: textColumn },
);

const KEY = parseLicenseKey('EXTRO-LIFE-DOOR01');

let on: TestApp;
let code: string;
let keys: TillKeys;
beforeAll(async () => {
  on = await openTestApp({ identity: { auth: 'token' }, limits: { rates: 'off', trustedProxies: [] } });
  on.clock = new Date();
  code = await newLicense(on, KEY, { terminals_max: 1000 });
  keys = await newTillKeys();
});
afterAll(() => on[Symbol.asyncDispose]());

async function post(payload: unknown): Promise<Answer> {
  return on.app.inject({
    method: 'POST',
    url: IDENTITY_PATHS.activate,
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify(payload),
  });
}

function request(more: object = {}): object {
  return { license_key: KEY, activation_code: code, name: 'Bar', public_key: keys.jwk, ...more };
}

async function terminalsActive(): Promise<number> {
  const answer = await on.admin('GET', `/api/v1/admin/licenses/${KEY}`);
  return licenseSchema.parse(answer.json()).terminals_active;
}

test('[G2] a till gets an id from the server, and is told whom to believe and where the broker is', async () => {
  const own = await newTillKeys();
  const answer = await askActivation(on, { key: KEY, code, jwk: own.jwk, name: '  Counter 7 ' });
  expect(answer.statusCode).toBe(201);
  expect(answer.headers['cache-control']).toBe('no-store');
  const activation = activationSchema.parse(answer.json());
  expect(activation).toMatchObject({
    license_key: KEY,
    name: 'Counter 7',
    issuer: IDENTITY.issuer,
    broker: { urls: IDENTITY.terminalAmqpUrls },
  });
  expect(activation.message_keys.length).toBeGreaterThan(0);
  const shown = await on.admin('GET', `/api/v1/admin/terminals/${activation.terminal_id}`);
  expect(shown.json()).toMatchObject({
    name: 'Counter 7',
    standing: 'active',
    license_key: KEY,
    version: null,
  });
});

test('[G4] a code is typed as people type', async () => {
  const spoken = code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
  const { jwk } = await newTillKeys();
  expect((await askActivation(on, { key: KEY, code: ` ${spoken} `, jwk })).statusCode).toBe(201);
});

test('[G2] unknown license, license without a code, wrong code and what can be no code are answered alike', async () => {
  const wrong = newActivationCode();
  const attempts = [
    request({ license_key: 'EXTRO-LIFE-NOBODY' }),
    request({ license_key: 'EXTRO-LIFE-NOBODY', activation_code: wrong }),
    request({ license_key: LICENSE }),
    request({ activation_code: wrong }),
    request({ activation_code: 'open sesame' }),
    request({ activation_code: `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}` }),
  ];
  const answers: unknown[] = [];
  for (const attempt of attempts) {
    const answer = await post(attempt);
    const { request_id: _, ...rest } = expectProblem(answer, 401, 'activation_refused');
    const { 'content-length': length, 'www-authenticate': challenge } = answer.headers;
    answers.push({ ...rest, length, challenge });
  }
  for (const each of answers) expect(each).toEqual(answers[0]);
});

test('[G2] a refusal costs one slow hash, whether or not there is such a license', async () => {
  const before = on.statements.length;
  await post(request({ license_key: 'EXTRO-LIFE-NOBODY' }));
  const unknown = on.statements.slice(before);
  on.clock = new Date(on.clock.getTime() + 60_000);
  const middle = on.statements.length;
  await post(request({ activation_code: newActivationCode() }));
  // The same questions to the database, and one computation each: see hashOfCode.
  expect(on.statements.slice(middle).filter((name) => name !== 'append_audit')).toEqual(
    unknown.filter((name) => name !== 'append_audit'),
  );
});

test.each([
  ['a field that is not known', { terminal_id: '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10' }, ''],
  ['a license key with a wildcard', { license_key: 'EXTRO-*-ABC' }, '/license_key'],
  ['a license key with a dot', { license_key: 'EXTRO.LIFE' }, '/license_key'],
  ['a license key in small letters', { license_key: KEY.toLowerCase() }, '/license_key'],
  ['a license key of look-alikes', { license_key: 'EXTRО-LIFE-DООR01' }, '/license_key'],
  ['a license key with NUL', { license_key: `${KEY}\0` }, '/license_key'],
  ['a license key with a percent sign', { license_key: 'EXTRO%2DLIFE' }, '/license_key'],
  ['a license key of 300 characters', { license_key: 'A'.repeat(300) }, '/license_key'],
  ['a license key that is a list', { license_key: [KEY] }, '/license_key'],
  ['an empty code', { activation_code: '' }, '/activation_code'],
  ['a code of a kilobyte', { activation_code: 'A'.repeat(1024) }, '/activation_code'],
  ['a code that is a number', { activation_code: 1 }, '/activation_code'],
  ['a name with an escape sequence', { name: '\u001b[31mred' }, '/name'],
  ['a name of blanks', { name: '   ' }, '/name'],
  ['a private key', { public_key: 'PRIVATE' }, '/public_key'],
  ['another curve', { public_key: 'P-384' }, '/public_key/crv'],
  ['a symmetric key', { public_key: { kty: 'oct', k: 'AAAA' } }, '/public_key'],
])('[G2] %s is refused with a pointer, and nothing is activated', async (_what, more, pointer) => {
  const before = await terminalsActive();
  const payload: Record<string, unknown> = { ...request(), ...more };
  if (payload['public_key'] === 'PRIVATE') payload['public_key'] = await exportJWK(keys.privateKey);
  if (payload['public_key'] === 'P-384') payload['public_key'] = { ...keys.jwk, crv: 'P-384' };
  const answer = await post(payload);
  expect(answer.statusCode).toBe(400);
  const problem = expectProblem(
    answer,
    400,
    pointer === '/license_key' ? 'license_key_malformed' : 'request_invalid',
  );
  expect(problem.errors?.map((each) => each.pointer).join(' ')).toContain(pointer);
  expect(await terminalsActive()).toBe(before);
});

test('[G2] a public key is a point of the curve, written in the one way', async () => {
  const { publicKey } = await generateKeyPair('ES256', { extractable: true });
  const { x = '', y = '' } = await exportJWK(publicKey);
  // The last digit holds two bits that say nothing: another spelling of the same key.
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const respelled = x.slice(0, -1) + digits[digits.indexOf(x.slice(-1)) + 1];
  for (const bad of [
    { x: respelled, y },
    { x: 'A'.repeat(43), y: 'A'.repeat(43) },
    { x: y, y: x },
  ]) {
    expectProblem(
      await post(request({ public_key: { kty: 'EC', crv: 'P-256', ...bad } })),
      400,
      'request_invalid',
    );
  }
  expect((await post(request({ public_key: { kty: 'EC', crv: 'P-256', x, y } }))).statusCode).toBe(201);
});

test('[G2] keys that reach a prototype are refused, and so is a form', async () => {
  for (const payload of [
    `{"__proto__":{"license_key":"${KEY}"},"license_key":"${KEY}"}`,
    `{"constructor":{"prototype":{"name":"x"}},"license_key":"${KEY}"}`,
  ]) {
    const answer = await on.app.inject({
      method: 'POST',
      url: IDENTITY_PATHS.activate,
      headers: { 'content-type': 'application/json' },
      payload,
    });
    expectProblem(answer, 400, 'request_invalid');
  }
  const form = await on.app.inject({
    method: 'POST',
    url: IDENTITY_PATHS.activate,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: `license_key=${KEY}&activation_code=${code}`,
  });
  expectProblem(form, 415, 'media_type_unsupported');
});

test('[G4] a code has 128 random bits, and of it only a slow hash is kept', async () => {
  expect(ACTIVATION_CODE_BYTES * 8).toBe(128);
  const codes = Array.from({ length: 1000 }, newActivationCode);
  expect(new Set(codes).size).toBe(1000);
  for (const each of codes) expect(parseActivationCode(each)).toBe(each);
  const hash = await hashOfCode(KEY, code);
  expect(hash).toMatch(/^scrypt-16384-8-1\$[\w-]{43}$/);
  expect(await hashOfCode(LICENSE, code)).not.toBe(hash);
  expect(sameHash(hash, hash)).toBe(true);
  expect(sameHash(hash, null)).toBe(false);
  expect(sameHash('nothing', null)).toBe(false);
  const rows = await on.database.query(ALL_CODES);
  expect(rows.map(({ hash: each }) => each)).toContain(hash);
});

test('[G4] neither log nor audit entry nor answer holds a code, right or wrong', async () => {
  const till = await activatedTill(on, KEY, code);
  const wrong = newActivationCode();
  await post(request({ activation_code: wrong }));
  await post(request({ activation_code: wrong, extra: 1 }));
  const moved = await on.admin('POST', `/api/v1/admin/terminals/${till.activation.terminal_id}/move`);
  const renewed = await on.admin('POST', `/api/v1/admin/licenses/${KEY}/activation-code`);
  const codes = [
    code,
    wrong,
    ...[moved, renewed].map((each) => each.json<{ activation_code: string }>().activation_code),
  ];
  const audit = await on.admin('GET', '/api/v1/admin/audit?limit=1000');
  expect(auditPageSchema.parse(audit.json()).entries.length).toBeGreaterThan(3);
  const shown = await on.admin('GET', `/api/v1/admin/licenses/${KEY}`);
  const listed = await on.admin('GET', '/api/v1/admin/licenses');
  const said = [...on.log, audit.body, shown.body, listed.body].join('\n');
  for (const each of codes) {
    expect(each).toMatch(/^[0-9A-Z]{5}(-[0-9A-Z]{1,5}){5}$/);
    expect(said).not.toContain(each);
    expect(said).not.toContain(each.replaceAll('-', ''));
  }
  code = codes.at(-1) ?? '';
});
