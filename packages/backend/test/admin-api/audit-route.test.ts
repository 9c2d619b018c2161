import { auditPageSchema } from '@tillcast/protocol/http/admin-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectProblem, LICENSE, OTHER_LICENSE, openTestApp, type TestApp } from '../http/test-app.ts';

const AUDIT = '/api/v1/admin/audit';

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp();
  await on.admin('POST', `/api/v1/admin/licenses/${OTHER_LICENSE}/suspend`);
  await on.admin('POST', `/api/v1/admin/licenses/${OTHER_LICENSE}/resume`);
});
afterAll(() => on[Symbol.asyncDispose]());

test('[V5] what operators did is listed in order, page by page, with the log’s head', async () => {
  const first = await on.admin('GET', `${AUDIT}?limit=3`);
  const { entries, head } = auditPageSchema.parse(first.json());
  expect(entries.map(({ number, act, subject }) => ({ number, act, subject }))).toEqual([
    { number: 1, act: 'license.created', subject: LICENSE },
    { number: 2, act: 'license.created', subject: OTHER_LICENSE },
    { number: 3, act: 'license.suspended', subject: OTHER_LICENSE },
  ]);
  expect(head.number).toBe(4);
  const rest = auditPageSchema.parse((await on.admin('GET', `${AUDIT}?after=3`)).json());
  expect(rest.entries).toMatchObject([
    { number: 4, act: 'license.resumed', actor: 'operator', hash: head.hash },
  ]);
  const none = auditPageSchema.parse((await on.admin('GET', `${AUDIT}?after=4`)).json());
  expect(none).toEqual({ entries: [], head });
});

test('[A1] the log wants the API key', async () => {
  expectProblem(await on.get(AUDIT), 401, 'credentials_missing');
  expectProblem(await on.get(AUDIT, { authorization: 'Bearer x' }), 401, 'api_key_invalid');
});

test.each(['after=-1', 'after=', 'after=1e3', 'limit=0', 'limit=1001', 'limit=x', 'before=3'])(
  '[S8] %s is refused',
  async (query) => {
    expectProblem(await on.admin('GET', `${AUDIT}?${query}`), 400, 'request_invalid');
  },
);
