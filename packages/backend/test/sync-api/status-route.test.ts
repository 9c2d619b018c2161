import { terminalListSchema } from '@tillcast/protocol/http/admin-api';
import { statusAnswerSchema } from '@tillcast/protocol/http/status-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Answer,
  expectProblem,
  LICENSE,
  openTestApp,
  putProduct,
  TERMINAL_ID,
  type TestApp,
} from '../http/test-app.ts';

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp();
  await on.commit(putProduct('A'));
});
afterAll(() => on[Symbol.asyncDispose]());

const nothing = { cursor: null, unsent_sales: 0, clock: '2026-11-23T14:00:01.500Z' };

function report(payload: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return on.app.inject({
    method: 'POST',
    url: '/api/v1/terminals/self/status',
    headers: {
      'x-license-key': LICENSE,
      'x-terminal-id': TERMINAL_ID,
      'content-type': 'application/json',
      ...headers,
    },
    payload: JSON.stringify(payload),
  });
}

test('[P6] a report is answered with where the server stands', async () => {
  const answer = await report(nothing);
  expect(answer.statusCode).toBe(200);
  expect(statusAnswerSchema.parse(answer.json())).toMatchObject({
    license_key: LICENSE,
    version: 1,
    valid: true,
    code: 'license_active',
    synced_at: '2026-11-23T14:00:00.000Z',
  });
});

test('the fleet shows what the terminal said last', async () => {
  const { epoch, version } = statusAnswerSchema.parse((await report(nothing)).json());
  await report({ ...nothing, unsent_sales: 3, cursor: { epoch, version, digest: 'ffffffffffffffff' } });
  const { terminals } = terminalListSchema.parse((await on.admin('GET', '/api/v1/admin/terminals')).json());
  expect(terminals).toEqual([
    expect.objectContaining({
      terminal_id: TERMINAL_ID,
      license_key: LICENSE,
      version,
      behind: 0,
      digest_matches: false,
      unsent_sales: 3,
    }),
  ]);
  const { body } = await on.metrics.text();
  expect(body).toMatch(/tillcast_terminal_reports_total\{outcome="digest_differs"\} 1/);
});

test.each([
  ['no clock', { cursor: null, unsent_sales: 0 }, '/clock'],
  ['a field that is not known', { ...nothing, mood: 'good' }, ''],
  ['negative sales', { ...nothing, unsent_sales: -1 }, '/unsent_sales'],
  ['half a sale', { ...nothing, unsent_sales: 0.5 }, '/unsent_sales'],
  ['a cursor without digest', { ...nothing, cursor: { epoch: 'abcdefgh', version: 1 } }, '/cursor/digest'],
  ['no object', [], ''],
])('[S8] a report with %s is refused with a pointer', async (_what, payload, pointer) => {
  const problem = expectProblem(await report(payload), 400, 'request_invalid');
  expect(problem.errors?.[0]?.pointer).toBe(pointer);
});

test('a terminal that does not say who it is, is told so', async () => {
  const problem = expectProblem(await report(nothing, { 'x-terminal-id': 'till-1' }), 400, 'request_invalid');
  expect(problem.errors?.[0]?.pointer).toBe('/header/x-terminal-id');
});

test('[S2] the report of a suspended license is refused and nothing of it is kept', async () => {
  await on.admin('POST', `/api/v1/admin/licenses/${LICENSE}/suspend`);
  const other = '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a99';
  expectProblem(await report(nothing, { 'x-terminal-id': other }), 403, 'license_suspended');
  await on.admin('POST', `/api/v1/admin/licenses/${LICENSE}/resume`);
  const { body } = await on.admin('GET', '/api/v1/admin/terminals');
  expect(body).not.toContain(other);
});
