import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, onTestFinished, test } from 'vitest';
import { integerColumn, statement } from '../../src/database/statement.ts';
import { openTestApp, type TestApp } from '../http/test-app.ts';
import { activatedTill, newLicense } from '../identity/test-till.ts';

const COUNT = statement<{ count: number }>('test_count_revocations', 'SELECT count(*) FROM revocations', {
  count: integerColumn,
});

/** An app, and how many revocations there were each time it woke the revoker. */
async function watched(): Promise<{ on: TestApp; seen: Promise<number>[] }> {
  const seen: Promise<number>[] = [];
  const on: TestApp = await openTestApp({
    identity: { auth: 'token' },
    wakeRevoker: () => {
      seen.push(on.database.query(COUNT).then(([row]) => row?.count ?? 0));
    },
  });
  onTestFinished(() => on[Symbol.asyncDispose]());
  on.clock = new Date();
  return { on, seen };
}

test('[B20] each act wakes its own process’s revoker once it is committed', async () => {
  const { on, seen } = await watched();
  const key = parseLicenseKey('EXTRO-LIFE-WAKE01');
  const code = await newLicense(on, key);
  const [one, two] = [await activatedTill(on, key, code), await activatedTill(on, key, code)];
  const license = `/api/v1/admin/licenses/${key}`;
  const acts: readonly (readonly ['POST' | 'PATCH', string, object?])[] = [
    ['POST', `${license}/suspend`],
    ['POST', `${license}/resume`],
    ['PATCH', license, { valid_until: '2020-01-01T00:00:00.000Z' }],
    ['PATCH', license, { valid_until: null }],
    ['POST', `/api/v1/admin/terminals/${one.activation.terminal_id}/revoke`],
    ['POST', `/api/v1/admin/terminals/${two.activation.terminal_id}/move`],
    ['POST', `${license}/revoke`],
  ];
  let before = (await Promise.all(seen)).at(-1) ?? 0;
  for (const [method, url, body] of acts) {
    const wakes = seen.length;
    const answer = await on.admin(method, url, body);
    expect([url, answer.statusCode]).toEqual([url, 200]);
    expect([url, seen.length]).toEqual([url, wakes + 1]);
    expect([url, await seen.at(-1)]).toEqual([url, before + 1]);
    before += 1;
  }
});
