import { silentLogger } from '@tillcast/broker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listAudit } from '../../src/audit/list-audit.ts';
import { RefusedRequests } from '../../src/http/refused-requests.ts';
import { LICENSE, openTestApp, type TestApp } from './test-app.ts';

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp();
});
afterAll(() => on[Symbol.asyncDispose]());

async function refusals(): Promise<readonly { readonly actor: string; readonly detail: unknown }[]> {
  const { entries } = await listAudit(on.database, { after: 0, limit: 1_000 });
  return entries
    .filter(({ act }) => act === 'request.refused')
    .map(({ actor, detail }) => ({ actor, detail: JSON.parse(String(detail)) }));
}

function noted(): RefusedRequests {
  return new RefusedRequests({ database: on.database, now: () => on.clock, logger: silentLogger });
}

test('[F11] refusals of one address by one limit are one entry with their number', async () => {
  const log = noted();
  for (let count = 0; count < 500; count += 1) log.note('192.0.2.1', 'rate_limited', 'address');
  log.note('192.0.2.1', 'token_invalid', null);
  await log.stop();
  expect(await refusals()).toEqual([
    { actor: 'address 192.0.2.1', detail: { code: 'rate_limited', count: 500, policy: 'address' } },
    { actor: 'address 192.0.2.1', detail: { code: 'token_invalid', count: 1, policy: null } },
  ]);
});

test('[F11] refusals of a thousand made-up addresses are six entries', async () => {
  const before = (await refusals()).length;
  const log = noted();
  for (let count = 0; count < 1_000; count += 1)
    log.note(`198.51.${count % 250}.${count}`, 'rate_limited', 'address');
  await log.stop();
  const added = (await refusals()).slice(before);
  expect(added).toHaveLength(6);
  expect(added.at(-1)).toEqual({
    actor: 'system',
    detail: { codes: 'rate_limited', sources: 995, count: 995 },
  });
});

test('[F11] what the server refuses is audited, with nothing secret, and what it grants is not', {
  timeout: 60_000,
}, async () => {
  const before = (await refusals()).length;
  const app = await openTestApp();
  const secret = 'a-guessed-key-that-must-not-be-kept';
  await app.app.inject({ url: '/api/v1/admin/licenses', headers: { authorization: `Bearer ${secret}` } });
  await app.get('/api/v1/sync/version', { authorization: `Bearer ${secret}` });
  await app.get('/api/v1/sync/version', { 'x-license-key': LICENSE });
  await app.app.inject({
    method: 'POST',
    url: '/api/v1/token',
    headers: { 'content-encoding': 'gzip' },
    payload: 'x',
  });
  await app.app.close();
  const { entries } = await listAudit(app.database, { after: 0, limit: 1_000 });
  const written = entries.filter(({ act }) => act === 'request.refused');
  expect(written.map(({ detail }) => /"code":"(\w+)"/.exec(String(detail))?.[1] ?? '').toSorted()).toEqual([
    'api_key_invalid',
    'media_type_unsupported',
    'token_invalid',
  ]);
  expect(JSON.stringify(written)).not.toContain(secret);
  await app[Symbol.asyncDispose]();
  expect((await refusals()).length).toBe(before);
});
