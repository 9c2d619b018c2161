import { TillcastError } from '@tillcast/protocol/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asOwner } from '../database/as-owner.ts';
import { API_KEY, expectProblem, LICENSE, openTestApp, putProduct, type TestApp } from './test-app.ts';

const CHANGES = `/api/v1/admin/licenses/${LICENSE}/changes`;

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp();
});
afterAll(() => on[Symbol.asyncDispose]());

describe('every answer', () => {
  test.each([
    '/health',
    '/nothing',
    '/api/v1/sync/full_data',
    '/api/v1/admin/licenses/%zz',
    '/openapi.json',
    '/docs',
  ])('[S8] %s has a request id and headers that keep browsers out', async (url) => {
    const { headers } = await on.get(url);
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('a caller’s request id is kept where it is harmless', async () => {
    const kept = await on.get('/health', { 'x-request-id': 'order-4711.retry:2' });
    expect(kept.headers['x-request-id']).toBe('order-4711.retry:2');
    for (const id of ['short', 'x'.repeat(65), 'with space here', '<script>alert(1)</script>']) {
      const { headers } = await on.get('/health', { 'x-request-id': id });
      expect(headers['x-request-id']).not.toBe(id);
    }
  });
});

describe('paths and methods', () => {
  test.each([
    '/',
    '/api',
    '/api/v1/sync',
    '/api/v1/sync/coupons',
    '/api/v1/sync/full_data/',
    '/..%2f..%2fetc/passwd',
  ])('[S8] there is nothing at %s', async (url) => {
    expectProblem(await on.get(url), 404, 'not_found');
  });

  test.each([
    ['DELETE', '/api/v1/sync/full_data', 'GET, HEAD, OPTIONS'],
    ['POST', '/health', 'GET, HEAD, OPTIONS'],
    ['GET', '/api/v1/terminals/self/status', 'OPTIONS, POST'],
    ['PUT', '/api/v1/admin/licenses', 'GET, HEAD, OPTIONS, POST'],
    ['PUT', `/api/v1/admin/licenses/${LICENSE}`, 'GET, HEAD, OPTIONS, PATCH'],
    ['GET', CHANGES, 'OPTIONS, POST'],
  ] as const)('%s %s is told which methods there are, and OPTIONS too', async (method, url, allow) => {
    const body = method === 'GET' ? {} : { payload: 'x'.repeat(2_000_000) };
    const refused = await on.app.inject({ method, url, ...body });
    expectProblem(refused, 405, 'method_not_allowed');
    expect(refused.headers.allow).toBe(allow);
    const options = await on.app.inject({ method: 'OPTIONS', url });
    expect(options).toMatchObject({ statusCode: 204, body: '' });
    expect(options.headers.allow).toBe(allow);
  });
});

describe('bodies', () => {
  test.each([
    ['no JSON at all', 'nonsense'],
    ['half of it', '{"operations":['],
    ['two of them', '{}{}'],
    ['NaN', '{"operations":[{"op":"set_price","product_id":"A","price":NaN}]}'],
    ['a lone quote', '"'],
    ['a hundred thousand brackets', '['.repeat(100_000)],
    ['a hundred thousand objects', '{"a":'.repeat(100_000)],
    ['a key of a prototype', '{"__proto__":{"admin":true},"operations":[]}'],
    ['the same in disguise', '{"\\u005f_proto__":{"admin":true},"operations":[]}'],
    ['a constructor’s prototype', '{"constructor":{"prototype":{"admin":true}},"operations":[]}'],
  ])('[S8] %s is refused as 400', async (_what, payload) => {
    expectProblem(await on.admin('POST', CHANGES, payload), 400, 'request_invalid');
    expect(Object.prototype).not.toHaveProperty('admin');
  });

  test('[S8] bytes that are not UTF-8 are refused, not mended', async () => {
    const answer = await on.app.inject({
      method: 'POST',
      url: CHANGES,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      payload: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    });
    expect(expectProblem(answer, 400, 'request_invalid').detail).toContain('UTF-8');
  });

  test('no body where one is wanted is refused', async () => {
    expectProblem(await on.admin('POST', CHANGES), 400, 'request_invalid');
    expectProblem(await on.admin('POST', CHANGES, ''), 400, 'request_invalid');
  });

  test('a body above 1 MiB is refused, and one below is looked at', async () => {
    const answer = await on.admin('POST', CHANGES, `"${'x'.repeat(1024 * 1024)}"`);
    expectProblem(answer, 413, 'request_too_large');
    expectProblem(await on.admin('POST', CHANGES, `"${'x'.repeat(1024 * 1000)}"`), 400, 'request_invalid');
  });

  test.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/x-ndjson',
  ])('[S8] the media type %s is refused', async (type) => {
    const answer = await on.app.inject({
      method: 'POST',
      url: CHANGES,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': type },
      payload: '{"operations":[]}',
    });
    expectProblem(answer, 415, 'media_type_unsupported');
  });

  test.each(['gzip', 'br', 'deflate', 'zstd'])(
    'a body in %s is refused: it may be a bomb',
    async (coding) => {
      const answer = await on.app.inject({
        method: 'POST',
        url: CHANGES,
        headers: {
          authorization: `Bearer ${API_KEY}`,
          'content-type': 'application/json',
          'content-encoding': coding,
        },
        payload: '{}',
      });
      expectProblem(answer, 415, 'media_type_unsupported');
    },
  );
});

describe('trouble inside', () => {
  test('[S8] an error of ours reveals nothing but the id of its line in the log', async () => {
    await using broken = await openTestApp();
    await asOwner(broken.database, 'ALTER TABLE licenses RENAME TO licences');
    broken.log.length = 0;
    const answer = await broken.sync('/api/v1/sync/full_data');
    const problem = expectProblem(answer, 500, 'internal');
    expect(answer.body).not.toMatch(/licen[sc]es|relation|select|\.ts/i);
    const line = broken.log.find(
      (entry) => entry.includes(String(problem.request_id)) && entry.includes('err'),
    );
    expect(line).toContain('licenses');
    expect(line).not.toContain(API_KEY);
  });

  test('[S1] without its database it says 503 and when to try again', async () => {
    await using broken = await openTestApp();
    await broken.database.close();
    for (const url of ['/api/v1/sync/full_data', '/ready']) {
      const answer = await broken.sync(url);
      expectProblem(answer, 503, 'database_unavailable');
      expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    }
    expect((await broken.get('/health')).json()).toEqual({ status: 'ok' });
  });
});

describe('health', () => {
  test('[S1] it is ready when database and broker are', async () => {
    expect((await on.get('/ready')).json()).toEqual({ status: 'ready', database: 'ok', broker: 'ok' });
    on.brokerTrouble = new TillcastError('broker_unavailable', 'The broker is not connected.');
    try {
      const problem = expectProblem(await on.get('/ready'), 503, 'broker_unavailable');
      expect(problem.errors).toEqual([{ pointer: '/broker', detail: 'The broker is not connected.' }]);
      expect((await on.commit(putProduct('WAITS'))).statusCode).toBe(200);
    } finally {
      on.brokerTrouble = null;
    }
  });

  test('metrics have base units, our prefix, and neither license nor terminal', async () => {
    await on.sync('/api/v1/sync/full_data');
    const { headers, body } = await on.get('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain/);
    const names = [...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '');
    expect(names.filter((name) => !name.startsWith('tillcast_'))).toEqual([]);
    expect(names).toEqual(
      expect.arrayContaining([
        'tillcast_http_request_duration_seconds',
        'tillcast_commits_total',
        'tillcast_published_messages_total',
        'tillcast_publish_failures_total',
        'tillcast_relay_backlog_changes',
        'tillcast_relay_shards_owned',
        'tillcast_nodejs_eventloop_lag_seconds',
      ]),
    );
    expect(names.filter((name) => /_(ms|millis|minutes)/.test(name))).toEqual([]);
    expect(body).not.toContain(LICENSE);
    expect(body).toContain('route="/api/v1/sync/full_data"');
  });
});
