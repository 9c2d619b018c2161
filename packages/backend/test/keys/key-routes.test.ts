import { hash, verify } from 'node:crypto';
import {
  ADMIN_PATHS,
  auditPageSchema,
  revokedKeySchema,
  signingKeyListSchema,
} from '@tillcast/protocol/http/admin-api';
import { IDENTITY_PATHS, messageKeysSchema } from '@tillcast/protocol/http/identity-api';
import { decodeMessage } from '@tillcast/protocol/messages/envelope';
import { parseSignature, signedHeadOf, signedText } from '@tillcast/protocol/messages/signature';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statement, textColumn } from '../../src/database/statement.ts';
import { NEXT_KEY_MIN_AGE_MS } from '../../src/keys/key-ring.ts';
import { expectProblem, openTestApp, putProduct, type TestApp } from '../http/test-app.ts';
import { ageKeys } from './test-key-ring.ts';

const READ_SIGNED = statement<{ message: string; signature: string }>(
  'read_signed_messages',
  'SELECT message, signature FROM changes UNION ALL SELECT message, signature FROM broadcasts',
  { message: textColumn, signature: textColumn },
);

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp();
});
afterAll(() => on[Symbol.asyncDispose]());

test('[E1] anyone may ask for the published keys, keep them for a minute, and ask whether they are still these', async () => {
  for (const path of [IDENTITY_PATHS.jwks, IDENTITY_PATHS.messageKeys]) {
    const answer = await on.get(path);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=60',
      'content-type': 'application/json; charset=utf-8',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
    });
    expect(answer.body).not.toContain('"d"');
    const again = await on.get(path, { 'if-none-match': String(answer.headers.etag) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  }
  const { keys } = (await on.get(IDENTITY_PATHS.jwks)).json<{ keys: object[] }>();
  expect(keys).toHaveLength(2);
  for (const key of keys) expect(Object.keys(key)).toEqual(['kty', 'crv', 'x', 'y', 'kid', 'alg', 'use']);
});

test('[E5] changes, news of the license and broadcasts are kept with a signature that the published keys verify', async () => {
  await on.commit(putProduct('A'));
  await on.admin('POST', '/api/v1/admin/licenses/EXTRO-LIFE-XYZ789/suspend');
  await on.admin('POST', '/api/v1/admin/broadcasts', { type: 'system_notice', message: 'Cards are back.' });
  const { keys } = messageKeysSchema.parse((await on.get(IDENTITY_PATHS.messageKeys)).json());
  const rows = await on.database.query(READ_SIGNED);
  expect(rows).toHaveLength(3);
  for (const { message, signature } of rows) {
    const parsed = parseSignature(signature);
    const { kid: _kid, ...jwk } = keys.find(({ kid }) => kid === parsed?.kid) ?? { kid: '' };
    const text = signedText(signedHeadOf(decodeMessage(message)), hash('sha256', message, 'hex'));
    const bytes = Buffer.from(parsed?.signature ?? '', 'base64url');
    expect(verify(null, Buffer.from(text), { key: jwk, format: 'jwk' }, bytes)).toBe(true);
  }
});

test('[E3] an operator rotates a key, which is audited; too soon again is refused', async () => {
  const kidOf = async (state: string): Promise<string | undefined> => {
    const { keys } = signingKeyListSchema.parse((await on.admin('GET', '/api/v1/admin/keys')).json());
    return keys.find((key) => key.purpose === 'token' && key.state === state)?.kid;
  };
  const [current, next] = [await kidOf('current'), await kidOf('next')];
  const etag = String((await on.get(IDENTITY_PATHS.jwks)).headers.etag);
  const rotate = () => on.admin('POST', '/api/v1/admin/keys/rotate', { purpose: 'token' });
  await ageKeys(on.database, NEXT_KEY_MIN_AGE_MS);
  expect((await rotate()).statusCode).toBe(200);
  expect([await kidOf('retired'), await kidOf('current')]).toEqual([current, next]);
  expect((await on.get(IDENTITY_PATHS.jwks, { 'if-none-match': etag })).statusCode).toBe(200);
  const { entries } = (await on.admin('GET', '/api/v1/admin/audit?after=0&limit=100')).json<{
    entries: { act: string; actor: string; subject: string; detail: string }[];
  }>();
  expect(entries.at(-1)).toMatchObject({ act: 'key.rotated', actor: 'operator', subject: next });
  expect(entries.at(-1)?.detail).toContain(current);
  expectProblem(await rotate(), 409, 'rotation_too_soon');
  expect((await on.admin('POST', '/api/v1/admin/keys/rotate', { purpose: 'both' })).statusCode).toBe(400);
});

test('[E16] an operator revokes a key, which is audited: it is published no more, and the next one signs', async () => {
  const listed = async () =>
    signingKeyListSchema.parse((await on.admin('GET', '/api/v1/admin/keys')).json()).keys;
  const before = await listed();
  const kidOf = (purpose: string, state: string): string =>
    before.find((key) => key.purpose === purpose && key.state === state)?.kid ?? '';
  const [current, next] = [kidOf('token', 'current'), kidOf('token', 'next')];
  const revoked = await on.admin('POST', ADMIN_PATHS.revokeKey(current));
  expect(revoked.statusCode).toBe(200);
  expect(revokedKeySchema.parse(revoked.json())).toEqual({
    keys: await listed(),
    broker: { asked: false, connections_closed: 0, nodes: 0, nodes_left: [] },
  });
  expect((await on.get(IDENTITY_PATHS.jwks)).body).not.toContain(current);
  expect((await listed()).find(({ purpose, state }) => purpose === 'token' && state === 'current')?.kid).toBe(
    next,
  );
  const message = await on.admin('POST', ADMIN_PATHS.revokeKey(kidOf('message', 'next')));
  expect(revokedKeySchema.parse(message.json()).broker).toBeNull();
  const { entries } = auditPageSchema.parse((await on.admin('GET', '/api/v1/admin/audit?limit=1000')).json());
  expect(entries.slice(-2).map(({ act, actor, subject }) => [act, actor, subject])).toEqual([
    ['key.revoked', 'operator', current],
    ['key.revoked', 'operator', kidOf('message', 'next')],
  ]);
  expectProblem(await on.admin('POST', ADMIN_PATHS.revokeKey(current)), 404, 'not_found');
  expectProblem(await on.admin('POST', ADMIN_PATHS.revokeKey('short')), 400, 'request_invalid');
});
