import { terminalListSchema } from '@tillcast/protocol/http/admin-api';
import { ITEM_PLURALS, SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { SALES_SCOPE } from '@tillcast/protocol/identity/scopes';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findLicense } from '../../src/licenses/find-license.ts';
import { AccessTokens } from '../../src/sync-api/access-tokens.ts';
import { LicenseGate } from '../../src/sync-api/license-gate.ts';
import {
  type Answer,
  expectProblem,
  IDENTITY,
  LICENSE,
  openTestApp,
  type TestApp,
} from '../http/test-app.ts';
import { activatedTill, askVersion, expectInvalid, newLicense, type TestTill, tokenOf } from './test-till.ts';

const KEY = parseLicenseKey('EXTRO-LIFE-GATE01');
const OTHER = parseLicenseKey('EXTRO-LIFE-GATE02');

let on: TestApp;
let code: string;
let till: TestTill;
let stranger: TestTill;
beforeAll(async () => {
  on = await openTestApp({ identity: { auth: 'token' }, limits: { rates: 'off', trustedProxies: [] } });
  on.clock = new Date();
  code = await newLicense(on, KEY, { terminals_max: 100 });
  till = await activatedTill(on, KEY, code);
  stranger = await activatedTill(on, OTHER, await newLicense(on, OTHER));
});
afterAll(() => on[Symbol.asyncDispose]());

test('[G8] without a token the answer says what is wanted; a license key alone is not looked at', async () => {
  const none = await on.get(SYNC_PATHS.version);
  expectProblem(none, 401, 'credentials_missing');
  expect(none.headers['www-authenticate']).toContain('Bearer');
  const before = on.statements.length;
  for (const key of [KEY, 'EXTRO-LIFE-NOBODY', 'not a key', '*']) {
    expectProblem(
      await on.get(SYNC_PATHS.version, { 'x-license-key': key }),
      401,
      'license_key_not_accepted',
    );
  }
  expect(on.statements.length).toBe(before);
});

test('[G8] every route of the sync API asks for it', async () => {
  const paths = [
    SYNC_PATHS.fullData,
    SYNC_PATHS.changes,
    SYNC_PATHS.version,
    ...ITEM_PLURALS.map(SYNC_PATHS.list),
  ];
  for (const path of paths) {
    expectProblem(await on.get(path, { 'x-license-key': KEY }), 401, 'license_key_not_accepted');
    expectInvalid(await on.get(path, { 'x-license-key': KEY, authorization: 'Bearer abc' }));
  }
  const report = await on.app.inject({
    method: 'POST',
    url: SYNC_PATHS.status,
    headers: { 'x-license-key': KEY, 'x-terminal-id': till.activation.terminal_id },
    payload: { cursor: null, unsent_sales: 0, clock: on.clock.toISOString() },
  });
  expectProblem(report, 401, 'license_key_not_accepted');
});

test('[G8] what headers say besides a token must agree with it', async () => {
  const { access_token: token } = await tokenOf(on, till);
  const id = till.activation.terminal_id;
  expect((await askVersion(on, token, { 'x-license-key': KEY, 'x-terminal-id': id })).statusCode).toBe(200);
  for (const [name, value] of [
    ['x-license-key', OTHER],
    ['x-license-key', 'EXTRO-LIFE-NOBODY'],
    ['x-license-key', KEY.toLowerCase()],
    ['x-license-key', ''],
    ['x-license-key', `${KEY}, ${OTHER}`],
    ['x-terminal-id', stranger.activation.terminal_id],
    ['x-terminal-id', id.toUpperCase()],
    ['x-terminal-id', 'till-1'],
  ] as const) {
    const problem = expectProblem(await askVersion(on, token, { [name]: value }), 400, 'request_invalid');
    expect(problem.errors?.[0]?.pointer).toBe(`/header/${name}`);
  }
});

test('[G8] the license is the token’s, whatever else is sent', async () => {
  const { access_token: token } = await tokenOf(on, stranger);
  for (const url of [SYNC_PATHS.version, SYNC_PATHS.fullData]) {
    const answer = await on.get(url, { authorization: `Bearer ${token}`, 'x-forwarded-license': KEY });
    expect(answer.json()).toMatchObject({ license_key: OTHER });
  }
  expectProblem(await askVersionAt(`?license_key=${KEY}`, token), 400, 'request_invalid');
});

function askVersionAt(query: string, token: string): Promise<Answer> {
  return on.get(`${SYNC_PATHS.version}${query}`, { authorization: `Bearer ${token}` });
}

test('[G8] a report is the proven terminal’s, and one that merely names it changes nothing', async () => {
  const report = (headers: Record<string, string>, sales: number): Promise<Answer> =>
    on.app.inject({
      method: 'POST',
      url: SYNC_PATHS.status,
      headers,
      payload: { cursor: null, unsent_sales: sales, clock: on.clock.toISOString() },
    });
  const { access_token: token } = await tokenOf(on, till);
  const authorization = `Bearer ${token}`;
  expect((await report({ authorization }, 3)).statusCode).toBe(200);
  const sales = async (): Promise<readonly (number | undefined)[]> => {
    const { terminals } = terminalListSchema.parse((await on.admin('GET', '/api/v1/admin/terminals')).json());
    const of = (key: string): number | undefined =>
      terminals.find((each) => each.license_key === key && each.terminal_id === till.activation.terminal_id)
        ?.unsent_sales;
    return [of(KEY), of(OTHER)];
  };
  expect(await sales()).toEqual([3, undefined]);
  const named = await report({ authorization, 'x-terminal-id': stranger.activation.terminal_id }, 9);
  expectProblem(named, 400, 'request_invalid');
  expect(await sales()).toEqual([3, undefined]);
});

test('[G7] a token that is known as good is refused from the commit on that ends license or terminal', async () => {
  const own = await activatedTill(on, KEY, code);
  const { access_token: token } = await tokenOf(on, own);
  expect((await askVersion(on, token)).statusCode).toBe(200);
  await on.admin('POST', `/api/v1/admin/licenses/${KEY}/suspend`);
  expectProblem(await askVersion(on, token), 403, 'license_suspended');
  await on.admin('POST', `/api/v1/admin/licenses/${KEY}/resume`);
  expect((await askVersion(on, token)).statusCode).toBe(200);
  await on.admin('POST', `/api/v1/admin/terminals/${own.activation.terminal_id}/revoke`);
  expectProblem(await askVersion(on, token), 403, 'terminal_revoked');
  // The others of its license go on.
  expect((await askVersion(on, (await tokenOf(on, till)).access_token)).statusCode).toBe(200);
});

test('[G9] the gate lets a token for sales in for sales, after an end too, and no other', async () => {
  const own = await activatedTill(on, KEY, code);
  const now = (): Date => on.clock;
  const tokens = new AccessTokens({ keys: on.keys, issuer: IDENTITY.issuer, now });
  const find = (key: typeof KEY): ReturnType<typeof findLicense> => findLicense(on.database, key);
  const gate = new LicenseGate({ find, tokens, auth: 'token', now });
  const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });
  const everything = bearer((await tokenOf(on, own)).access_token);
  const sales = bearer((await tokenOf(on, own, { scope: SALES_SCOPE })).access_token);
  for (const token of [everything, sales]) {
    await expect(gate.admit(token, 'sales')).resolves.toMatchObject({
      terminalId: own.activation.terminal_id,
      license: { key: KEY },
    });
  }
  await expect(gate.admit(sales)).rejects.toMatchObject({ code: 'scope_insufficient' });
  await on.admin('POST', `/api/v1/admin/terminals/${own.activation.terminal_id}/revoke`);
  await expect(gate.admit(sales, 'sales')).resolves.toMatchObject({ license: { key: KEY } });
  await expect(gate.admit(everything, 'sales')).rejects.toMatchObject({ code: 'terminal_revoked' });
});

test('[G8] where license keys alone are taken, tokens are too, and win', async () => {
  const both = await openTestApp({ limits: { rates: 'off', trustedProxies: [] } });
  try {
    both.clock = new Date();
    const own = await activatedTill(both, KEY, await newLicense(both, KEY));
    const { access_token: token } = await tokenOf(both, own);
    expect((await askVersion(both, token)).json()).toMatchObject({ license_key: KEY });
    expect((await both.sync(SYNC_PATHS.version)).json()).toMatchObject({ license_key: LICENSE });
    expectProblem(await askVersion(both, token, { 'x-license-key': LICENSE }), 400, 'request_invalid');
    expectInvalid(await askVersion(both, 'abc', { 'x-license-key': LICENSE }));
  } finally {
    await both[Symbol.asyncDispose]();
  }
});
