import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { LimitOptions } from '../../../src/http/limits/limit-options.ts';
import { licensePolicy, POLICIES } from '../../../src/http/limits/policies.ts';
import { newActivationCode } from '../../../src/identity/activation-codes.ts';
import { newLicense, newTillKeys } from '../../identity/test-till.ts';
import {
  type Answer,
  API_KEY,
  expectProblem,
  LICENSE,
  OTHER_LICENSE,
  openTestApp,
  type TestApp,
} from '../test-app.ts';

let on: TestApp;
/** Milliseconds of the meters. */
let nowMs = 0;

beforeAll(async () => {
  on = await limitedApp({});
});
afterAll(() => on[Symbol.asyncDispose]());
// All quotas are whole again.
beforeEach(() => {
  nowMs += 3_600_000;
});

function limitedApp(options: Partial<LimitOptions>): Promise<TestApp> {
  return openTestApp({ limits: { rates: 'default', trustedProxies: [], nowMs: () => nowMs, ...options } });
}

const anAddress = (number: number): string => `198.51.${Math.floor(number / 256)}.${number % 256}`;

/** Sends the same request until it is refused; gives how many were not, and the refusal. */
async function exhaust(
  ask: (turn: number) => Promise<Answer>,
  atMost: number,
): Promise<{ readonly allowed: number; readonly refusal: Answer }> {
  for (let allowed = 0; allowed <= atMost; allowed += 1) {
    const answer = await ask(allowed);
    if (answer.statusCode === 429) return { allowed, refusal: answer };
  }
  throw new Error(`None of ${atMost} requests was refused.`);
}

test('[F1] one address is refused beyond its quota, whatever it asks for, and another one is not', async () => {
  const ask = (turn: number, remoteAddress: string): Promise<Answer> =>
    on.app.inject({ url: ['/health', '/nothing', '/api/v1/sync/full_data'][turn % 3] ?? '', remoteAddress });
  const { allowed, refusal } = await exhaust((turn) => ask(turn, '192.0.2.1'), POLICIES.address.quota);
  expect(allowed).toBe(POLICIES.address.quota);
  expectProblem(refusal, 429, 'rate_limited');
  expect((await ask(0, '192.0.2.2')).statusCode).toBe(200);
});

test('[F2] answers say what is measured and left, and a refusal when to come back', async () => {
  const first = await on.sync(SYNC_PATHS.version);
  expect(first.headers['ratelimit-policy']).toBe('"address";q=3000;w=10, "license";q=400;w=10');
  expect(first.headers['ratelimit']).toBe('"address";r=2999;t=1, "license";r=399;t=1');

  const { refusal } = await exhaust(() => on.sync(SYNC_PATHS.version), 500);
  expect(refusal.headers['ratelimit']).toMatch(/, "license";r=0;t=1$/);
  expect(refusal.headers['retry-after']).toBe('1');
  expect(refusal.json()).toMatchObject({ code: 'rate_limited', status: 429 });
  nowMs += 1_000;
  expect((await on.sync(SYNC_PATHS.version)).statusCode).toBe(200);
});

test('[F1] the terminals of one license share a quota, and those of another have theirs', async () => {
  const ask = (turn: number, key: string): Promise<Answer> =>
    on.app.inject({
      url: SYNC_PATHS.version,
      remoteAddress: anAddress(turn),
      headers: { 'x-license-key': key },
    });
  const { allowed, refusal } = await exhaust((turn) => ask(turn, LICENSE), 1_000);
  expect(allowed).toBe(licensePolicy(10).quota);
  expectProblem(refusal, 429, 'rate_limited');
  expect((await ask(0, OTHER_LICENSE)).statusCode).toBe(200);
});

test('[F1] one terminal has a quota within its license’s', async () => {
  const ask = (terminal: string): Promise<Answer> =>
    on.sync(SYNC_PATHS.version, { 'x-terminal-id': terminal });
  const loud = '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10';
  const { allowed } = await exhaust(() => ask(loud), 1_000);
  expect(allowed).toBe(POLICIES.terminal.quota);
  expect((await ask('0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a11')).statusCode).toBe(200);
});

test('[F1] what nobody was admitted for uses up nobody’s quota but the address’s', async () => {
  for (let turn = 0; turn < 500; turn += 1) {
    const headers = { 'x-license-key': LICENSE, authorization: 'Bearer forged' };
    const refused = await on.app.inject({ url: SYNC_PATHS.version, remoteAddress: anAddress(turn), headers });
    expect(refused.statusCode).toBe(401);
  }
  expect((await on.sync(SYNC_PATHS.version)).statusCode).toBe(200);
});

/** Tries to activate a till with a key pair of its own; without a code, one that is wrong. */
async function tryActivation(
  key: string,
  remoteAddress: string,
  code = newActivationCode(),
): Promise<Answer> {
  const { jwk } = await newTillKeys();
  return on.app.inject({
    method: 'POST',
    url: IDENTITY_PATHS.activate,
    remoteAddress,
    payload: { license_key: key, activation_code: code, name: 'Bar', public_key: jwk },
  });
}

test('[F1] activation is measured by address, and its failures by license key and address', async () => {
  const byAddress = await exhaust((turn) => tryActivation(`NOBODY-LIFE-${turn}`, '192.0.2.1'), 100);
  expect(byAddress.allowed).toBe(POLICIES.activationAddress.quota);
  const byKey = await exhaust(() => tryActivation('NOBODY-LIFE-X', '192.0.2.2'), 100);
  expect(byKey.allowed).toBe(POLICIES.activationFailures.quota);
  expect(byKey.refusal.headers['ratelimit-policy']).toContain('"activation-failures";q=20;w=600');
  expect(byKey.refusal.headers['retry-after']).toBe('30');
  // The same address for another key, another address for the same one, and who waited as told.
  expect((await tryActivation('NOBODY-LIFE-Y', '192.0.2.2')).statusCode).toBe(401);
  expect((await tryActivation('NOBODY-LIFE-X', '192.0.2.3')).statusCode).toBe(401);
  nowMs += 30_000;
  expect((await tryActivation('NOBODY-LIFE-X', '192.0.2.2')).statusCode).toBe(401);
});

test('[F1] [F9] strangers who guess for a license key keep no till out that has the code, and who has it is not counted', async () => {
  const key = 'EXTRO-LIFE-GUESSED1';
  const code = await newLicense(on, key, { terminals_max: 100 });
  for (const stranger of ['192.0.2.1', '192.0.2.2']) {
    const { allowed } = await exhaust(() => tryActivation(key, stranger), 100);
    expect(allowed).toBe(POLICIES.activationFailures.quota);
  }
  // More than an address may fail: a roll-out has nothing to fear of its own success.
  for (let till = 0; till < POLICIES.activationFailures.quota + 5; till += 1) {
    expect((await tryActivation(key, '192.0.2.3', code)).statusCode).toBe(201);
  }
  // Even the right code is refused from where so many were wrong: it would tell a guesser that he has it.
  expectProblem(await tryActivation(key, '192.0.2.1', code), 429, 'rate_limited');
});

test('[F1] tokens are measured by address, and by the terminal that is named from there', async () => {
  const ask = (terminal: string, remoteAddress: string): Promise<Answer> =>
    on.app.inject({
      method: 'POST',
      url: IDENTITY_PATHS.token,
      remoteAddress,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: `${part({ alg: 'ES256' })}.${part({ sub: terminal })}.AAAA`,
      }).toString(),
    });
  const victim = '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10';
  const byTerminal = await exhaust(() => ask(victim, '192.0.2.1'), 100);
  expect(byTerminal.allowed).toBe(POLICIES.tokenTerminal.quota);
  // Elsewhere, whoever names it has used up nothing of its.
  expect((await ask(victim, '192.0.2.2')).statusCode).toBe(401);
  const byAddress = await exhaust((turn) => ask(`till ${turn}`, '192.0.2.3'), 700);
  expect(byAddress.allowed).toBe(POLICIES.tokenAddress.quota);
});

test('[F1] the holder of an API key has a quota; who guesses one does not use it up', async () => {
  const ask = (key: string, remoteAddress: string): Promise<Answer> =>
    on.app.inject({
      url: ADMIN_PATHS.license('NOBODY-LIFE-X'),
      remoteAddress,
      headers: { authorization: `Bearer ${key}` },
    });
  const { allowed } = await exhaust((turn) => ask(API_KEY, anAddress(turn)), 4_000);
  expect(allowed).toBe(POLICIES.admin.quota);
  expect((await ask('a-wrong-key', anAddress(5_000))).statusCode).toBe(401);
});

test('[F3] X-Forwarded-For is believed of a trusted proxy alone', async () => {
  const ask = (at: TestApp, turn: number, remoteAddress: string): Promise<Answer> =>
    at.app.inject({ url: '/health', remoteAddress, headers: { 'x-forwarded-for': anAddress(turn) } });
  const spoofed = await exhaust((turn) => ask(on, turn, '192.0.2.1'), POLICIES.address.quota);
  expect(spoofed.allowed).toBe(POLICIES.address.quota);

  await using behind = await limitedApp({ trustedProxies: ['10.0.0.0/8'] });
  for (let turn = 0; turn < POLICIES.address.quota + 100; turn += 1) {
    expect((await ask(behind, turn, '10.1.2.3')).statusCode).toBe(200);
  }
  const elsewhere = await exhaust((turn) => ask(behind, turn, '192.0.2.1'), POLICIES.address.quota);
  expect(elsewhere.allowed).toBe(POLICIES.address.quota);
});

test('[F5] a shop of 50 tills behind one address is never refused, at rest nor when all return at once', async () => {
  await on.app.inject({
    method: 'PATCH',
    url: ADMIN_PATHS.license(LICENSE),
    headers: { authorization: `Bearer ${API_KEY}` },
    payload: { terminals_max: 50 },
  });
  const tills = Array.from({ length: 50 }, () => crypto.randomUUID());
  const ask = async (terminal: string, url: string): Promise<void> => {
    const headers = { 'x-license-key': LICENSE, 'x-terminal-id': terminal };
    const { statusCode } = await on.app.inject({ url, remoteAddress: '192.0.2.1', headers });
    expect(statusCode).not.toBe(429);
  };
  for (let round = 0; round < 5; round += 1) {
    // The line is back: a token, two pages of a delta, the snapshot, a report, within the same moment.
    for (const till of tills) {
      for (let each = 0; each < 8; each += 1) await ask(till, SYNC_PATHS.version);
    }
    // At rest: a report every 10 s, for a minute.
    for (let report = 0; report < 6; report += 1) {
      nowMs += 10_000;
      for (const till of tills) await ask(till, SYNC_PATHS.version);
    }
  }
});

test('[F1] where rates are off nothing is measured', async () => {
  await using unlimited = await limitedApp({ rates: 'off' });
  for (let turn = 0; turn < POLICIES.address.quota + 10; turn += 1) {
    const { statusCode, headers } = await unlimited.get('/health');
    expect({ statusCode, limit: headers['ratelimit'] }).toEqual({ statusCode: 200, limit: undefined });
  }
});

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
