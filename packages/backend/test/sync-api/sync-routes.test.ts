import { promisify } from 'node:util';
import { brotliDecompress, gunzip, zstdDecompress } from 'node:zlib';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import {
  deltaPageSchema,
  ITEM_PLURALS,
  kindListSchema,
  snapshotSchema,
  versionAnswerSchema,
} from '@tillcast/protocol/http/sync-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  expectProblem,
  LICENSE,
  manyProducts,
  OTHER_LICENSE,
  openTestApp,
  putProduct,
  type TestApp,
} from '../http/test-app.ts';

const FULL = '/api/v1/sync/full_data';
const SYNC_ROUTES = [
  FULL,
  ...ITEM_PLURALS.map((plural) => `/api/v1/sync/${plural}`),
  '/api/v1/sync/version',
  '/api/v1/sync/changes?epoch=abcdefgh&since=0',
  '/api/v1/sync/digests',
  '/api/v1/sync/digests/rows?epoch=abcdefgh&version=1&buckets=00',
  '/api/v1/sync/rows?epoch=abcdefgh&version=1&digests=0000000000000000',
];

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp();
  await on.commit(...manyProducts(50), {
    op: 'put',
    kind: 'table',
    item: { id: 'T1', name: 'Table <1> "\u2028"' },
  });
});
afterAll(() => on[Symbol.asyncDispose]());

async function plain(answer: Answer): Promise<string> {
  const decoders = {
    br: promisify(brotliDecompress),
    gzip: promisify(gunzip),
    zstd: promisify(zstdDecompress),
  };
  const coding = answer.headers['content-encoding'];
  const decode = Object.entries(decoders).find(([name]) => name === coding)?.[1];
  return decode === undefined ? answer.body : (await decode(answer.rawPayload)).toString();
}

describe('who may ask', () => {
  test.each(SYNC_ROUTES)(
    '%s refuses a missing, malformed, unknown, suspended or expired license',
    async (url) => {
      expectProblem(await on.get(url), 401, 'credentials_missing');
      for (const key of [
        'extro-life-abc123',
        'A.B',
        'EXTRO-*',
        '#',
        'EXTRO LIFE',
        'A'.repeat(65),
        'ÄÖÜÄÖÜ',
      ]) {
        const headers = { 'x-license-key': Buffer.from(key).toString('latin1') };
        expectProblem(await on.get(url, headers), 400, 'license_key_malformed');
      }
      const unknown = await on.get(url, { 'x-license-key': 'EXTRO-LIFE-NOBODY' });
      expectProblem(unknown, 401, 'license_unknown');
      expect(unknown.headers['www-authenticate']).toContain('X-License-Key');

      await on.admin('POST', `/api/v1/admin/licenses/${OTHER_LICENSE}/suspend`);
      expectProblem(await on.get(url, { 'x-license-key': OTHER_LICENSE }), 403, 'license_suspended');
      await on.admin('POST', `/api/v1/admin/licenses/${OTHER_LICENSE}/resume`);
      expect((await on.get(url, { 'x-license-key': OTHER_LICENSE })).statusCode).not.toBe(403);
    },
  );

  test('[S2] a license is refused from the moment on which it ends', async () => {
    const key = 'EXTRO-OTHER-ENDS1';
    const created = await on.admin('POST', '/api/v1/admin/licenses', {
      key,
      valid_until: '2026-12-01T00:00:00Z',
    });
    expect(created.statusCode).toBe(201);
    const before = on.clock;
    try {
      on.clock = new Date('2026-11-30T23:59:59.999Z');
      expect((await on.get(FULL, { 'x-license-key': key })).statusCode).toBe(200);
      on.clock = new Date('2026-12-01T00:00:00.000Z');
      expectProblem(await on.get(FULL, { 'x-license-key': key }), 403, 'license_expired');
    } finally {
      on.clock = before;
    }
  });

  test('[S2] credentials are checked before the query, so that a stranger learns nothing of it', async () => {
    expectProblem(await on.get('/api/v1/sync/changes?nonsense=1'), 401, 'credentials_missing');
  });

  test('[P1] a license never gets what is another one’s, whatever it sends along', async () => {
    const mine = await on.sync(FULL);
    const theirs = await on.get(FULL, {
      'x-license-key': OTHER_LICENSE,
      'if-none-match': String(mine.headers.etag),
    });
    expect(theirs.statusCode).toBe(200);
    expect(snapshotSchema.parse(theirs.json())).toMatchObject({ license_key: OTHER_LICENSE, products: [] });
    const { epoch } = snapshotSchema.parse(mine.json());
    const asked = `/api/v1/sync/changes?epoch=${epoch}&since=0`;
    expectProblem(await on.get(asked, { 'x-license-key': OTHER_LICENSE }), 410, 'history_gone');
  });
});

describe('what is answered', () => {
  test('[S3] the whole catalog has the five lists at one version', async () => {
    const answer = await on.sync(FULL);
    expect(answer.statusCode).toBe(200);
    const snapshot = snapshotSchema.parse(answer.json());
    expect(snapshot.products).toHaveLength(50);
    expect(snapshot.tables).toEqual([
      { id: 'T1', name: 'Table <1> "\u2028"', area: null, seats: 2, sort_order: 0 },
    ]);
    expect(snapshot).toMatchObject({ license_key: LICENSE, version: 1, categories: [], users: [] });
    expect(answer.headers['cache-control']).toBe('private, no-cache');
    expect(answer.headers['vary']).toBe('Accept-Encoding, Authorization, X-License-Key');
  });

  test.each(ITEM_PLURALS)('[S3] the list of %s says where the whole catalog stands', async (plural) => {
    const [list, whole] = [await on.sync(`/api/v1/sync/${plural}`), await on.sync(FULL)];
    const { epoch, version, digest } = snapshotSchema.parse(whole.json());
    expect(kindListSchema(plural).parse(list.json())).toMatchObject({ epoch, version, digest });
    expect(list.json()[plural]).toEqual(whole.json()[plural]);
  });

  test('[S6] changes come page by page, tombstones included, and nothing after the last version', async () => {
    const start = versionAnswerSchema.parse((await on.sync('/api/v1/sync/version')).json());
    await on.commit(
      putProduct('P0001', 9),
      { op: 'delete', kind: 'product', id: 'P0002' },
      putProduct('NEW'),
    );
    const asked = `/api/v1/sync/changes?epoch=${start.epoch}&since=${start.version}&limit=2`;
    const first = deltaPageSchema.parse((await on.sync(asked)).json());
    expect(first.changes).toHaveLength(2);
    expect(first.next).not.toBeNull();
    const second = deltaPageSchema.parse(
      (await on.sync(`${asked}&page=${encodeURIComponent(first.next ?? '')}`)).json(),
    );
    expect(second).toMatchObject({ next: null, version: start.version + 1 });
    expect(
      [...first.changes, ...second.changes]
        .map(({ id, item }) => [id, item === null] as const)
        .toSorted(([a], [b]) => a.localeCompare(b)),
    ).toEqual([
      ['NEW', false],
      ['P0001', false],
      ['P0002', true],
    ]);
    const after = await on.sync(`/api/v1/sync/changes?epoch=${start.epoch}&since=${second.version}`);
    expect(deltaPageSchema.parse(after.json())).toMatchObject({
      changes: [],
      next: null,
      since: second.version,
    });
  });

  test.each(['epoch=otherhistory&since=0', 'epoch=EPOCH&since=999999'])(
    'changes that cannot be told are 410 and name the snapshot: %s',
    async (query) => {
      const { epoch } = versionAnswerSchema.parse((await on.sync('/api/v1/sync/version')).json());
      const problem = expectProblem(
        await on.sync(`/api/v1/sync/changes?${query.replace('EPOCH', epoch)}`),
        410,
        'history_gone',
      );
      expect(problem.detail).toContain('/api/v1/sync/full_data');
    },
  );

  test.each([
    ['epoch=abcdefgh', '/query/since'],
    ['epoch=abcdefgh&since=', '/query/since'],
    ['epoch=abcdefgh&since=-1', '/query/since'],
    ['epoch=abcdefgh&since=1e3', '/query/since'],
    ['epoch=abcdefgh&since=9007199254740993', '/query/since'],
    ['epoch=abcdefgh&since=1&since=2', '/query/since'],
    ['epoch=../../etc&since=1', '/query/epoch'],
    ['epoch=abcdefgh&since=1&limit=0', '/query/limit'],
    ['epoch=abcdefgh&since=1&limit=5001', '/query/limit'],
    ['epoch=abcdefgh&since=1&other=1', '/query'],
    ['epoch=abcdefgh&since=1&__proto__=1', '/query'],
  ])('[S8] a query that is not valid points at what is wrong: %s', async (query, pointer) => {
    const problem = expectProblem(await on.sync(`/api/v1/sync/changes?${query}`), 400, 'request_invalid');
    expect(problem.errors?.map((error) => error.pointer)).toContain(pointer);
  });

  test('[S8] a page token that is none of ours is refused', async () => {
    const { epoch } = versionAnswerSchema.parse((await on.sync('/api/v1/sync/version')).json());
    const asked = `/api/v1/sync/changes?epoch=${epoch}&since=0&page=%00%22nonsense`;
    expectProblem(await on.sync(asked), 400, 'request_invalid');
  });

  test.each(SYNC_ROUTES.filter((url) => !url.includes('?')))('%s takes no query', async (url) => {
    expectProblem(await on.sync(`${url}?verbose=1`), 400, 'request_invalid');
  });
});

describe('compression and copies', () => {
  test.each(['br', 'gzip', 'zstd'])('[S4] %s holds the very bytes of the plain answer', async (coding) => {
    const whole = await on.sync(FULL);
    const packed = await on.sync(FULL, { 'accept-encoding': coding });
    expect(packed.headers['content-encoding']).toBe(coding);
    expect(packed.rawPayload.length).toBeLessThan(whole.rawPayload.length / 2);
    expect(await plain(packed)).toBe(whole.body);
    expect(packed.headers.etag).toBe(whole.headers.etag);
  });

  test('an answer of a few bytes is sent as it is', async () => {
    const answer = await on.sync('/api/v1/sync/categories', { 'accept-encoding': 'br' });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.json().categories).toEqual([]);
  });

  test('[S4] what is known already is 304 in whatever coding, until something changes', async () => {
    const { headers } = await on.sync(FULL, { 'accept-encoding': 'br' });
    const etag = String(headers.etag);
    expect(etag).toMatch(/^W\/"/);
    for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const again = await on.sync(FULL, { 'if-none-match': known, 'accept-encoding': 'gzip' });
      expect(again).toMatchObject({ statusCode: 304, body: '' });
      expect(again.headers).toMatchObject({ etag, 'cache-control': 'private, no-cache' });
      expect(again.headers['vary']).toBe('Accept-Encoding, Authorization, X-License-Key');
    }
    await on.commit(putProduct('P0003', 7.77));
    const after = await on.sync(FULL, { 'if-none-match': etag });
    expect(after.statusCode).toBe(200);
    expect(after.headers.etag).not.toBe(etag);
    expect(after.body).toContain('7.77');
  });

  test('[S4] the ETag of one part is not that of another', async () => {
    const tags = await Promise.all(
      [FULL, '/api/v1/sync/products', '/api/v1/sync/tables', '/api/v1/sync/version'].map(
        async (url) => (await on.sync(url)).headers.etag,
      ),
    );
    expect(new Set(tags).size).toBe(4);
  });

  test('[P4] right after a commit every answer is of the new version, in each coding', async () => {
    for (let price = 10; price < 15; price += 1) {
      const committed = (await on.commit(putProduct('P0004', price))).json();
      for (const coding of ['identity', 'br', 'gzip', 'zstd']) {
        const answer = await on.sync(FULL, { 'accept-encoding': coding });
        const snapshot = snapshotSchema.parse(JSON.parse(await plain(answer)));
        expect(snapshot).toMatchObject({ version: committed.version, digest: committed.digest });
        expect(snapshot.products.find(({ id }) => id === 'P0004')).toMatchObject({ price });
      }
    }
  });

  test('[S2] what is cached is refused at once when the license is suspended, 304 included', async () => {
    const { headers } = await on.sync(FULL, { 'accept-encoding': 'br' });
    await on.admin('POST', `/api/v1/admin/licenses/${LICENSE}/suspend`);
    try {
      expectProblem(await on.sync(FULL, { 'accept-encoding': 'br' }), 403, 'license_suspended');
      expectProblem(await on.sync(FULL, { 'if-none-match': String(headers.etag) }), 403, 'license_suspended');
    } finally {
      await on.admin('POST', `/api/v1/admin/licenses/${LICENSE}/resume`);
    }
  });

  test('[S5] a thousand tills that ask at once cost one read of the catalog and one compression', async () => {
    await on.admin('PATCH', ADMIN_PATHS.license(LICENSE), { terminals_max: 1_000 });
    await on.commit(putProduct('P0005', 21));
    on.statements.length = 0;
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => on.sync(FULL, { 'accept-encoding': 'br' })),
    );
    expect(new Set(answers.map((answer) => answer.statusCode))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => answer.rawPayload.toString('base64'))).size).toBe(1);
    expect(on.statements.filter((name) => name === 'read_snapshot')).toHaveLength(1);
    expect(on.statements.filter((name) => name === 'find_license').length).toBeLessThan(20);
  });

  test('[S5] the same page of changes is read once for all who ask at once', async () => {
    const { epoch, version } = versionAnswerSchema.parse((await on.sync('/api/v1/sync/version')).json());
    await on.commit(putProduct('P0006', 22));
    on.statements.length = 0;
    const asked = `/api/v1/sync/changes?epoch=${epoch}&since=${version}`;
    await Promise.all(Array.from({ length: 300 }, () => on.sync(asked)));
    expect(on.statements.filter((name) => name === 'read_delta_page')).toHaveLength(1);
  });

  test('synced_at is when the content was read, and the same in every coding', async () => {
    const before = on.clock;
    await on.commit(putProduct('P0007', 23));
    try {
      on.clock = new Date('2026-11-23T15:00:00.000Z');
      await on.sync(FULL);
      on.clock = new Date('2026-11-23T16:00:00.000Z');
      const packed = await on.sync(FULL, { 'accept-encoding': 'zstd' });
      expect(JSON.parse(await plain(packed))).toMatchObject({ synced_at: '2026-11-23T15:00:00.000Z' });
    } finally {
      on.clock = before;
    }
  });

  test('HEAD says what GET would, without the body', async () => {
    const head = await on.app.inject({ method: 'HEAD', url: FULL, headers: { 'x-license-key': LICENSE } });
    const get = await on.sync(FULL);
    expect(head).toMatchObject({ statusCode: 200, body: '' });
    expect(head.headers).toMatchObject({
      etag: get.headers.etag,
      'content-length': get.headers['content-length'],
    });
  });
});
