import {
  broadcastResultSchema,
  commitResultSchema,
  createdLicenseSchema,
  licenseListSchema,
  licenseSchema,
} from '@tillcast/protocol/http/admin-api';
import { snapshotSchema } from '@tillcast/protocol/http/sync-api';
import { parseActivationCode } from '@tillcast/protocol/identity/activation-code';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  API_KEY,
  expectProblem,
  LICENSE,
  OTHER_LICENSE,
  openTestApp,
  putProduct,
  type TestApp,
} from '../http/test-app.ts';

const LICENSES = '/api/v1/admin/licenses';
const CHANGES = `${LICENSES}/${LICENSE}/changes`;

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp();
  await on.commit(putProduct('A', 2.5));
});
afterAll(() => on[Symbol.asyncDispose]());

async function catalog(): Promise<string> {
  const { body } = await on.sync('/api/v1/sync/full_data');
  return body;
}

describe('who may ask', () => {
  const routes = [
    ['GET', LICENSES],
    ['POST', LICENSES],
    ['GET', `${LICENSES}/${LICENSE}`],
    ['POST', `${LICENSES}/${LICENSE}/suspend`],
    ['POST', `${LICENSES}/${LICENSE}/resume`],
    ['POST', CHANGES],
    ['POST', `${LICENSES}/${LICENSE}/import`],
    ['GET', '/api/v1/admin/terminals'],
    ['POST', '/api/v1/admin/broadcasts'],
  ] as const;

  test.each(routes)(
    '%s %s wants the API key, and says so before it looks at anything else',
    async (method, url) => {
      const bare = await on.app.inject({ method, url });
      expectProblem(bare, 401, 'credentials_missing');
      expect(bare.headers['www-authenticate']).toMatch(/^Bearer/);
      for (const authorization of [`Bearer ${API_KEY}x`, 'Bearer x', `Bearer ${API_KEY.toUpperCase()}`]) {
        expectProblem(
          await on.app.inject({ method, url, headers: { authorization } }),
          401,
          'api_key_invalid',
        );
      }
      for (const authorization of [`Basic ${API_KEY}`, API_KEY, 'Bearer', 'Bearer  ']) {
        expectProblem(
          await on.app.inject({ method, url, headers: { authorization } }),
          401,
          'credentials_missing',
        );
      }
      const till = await on.app.inject({ method, url, headers: { 'x-license-key': LICENSE } });
      expectProblem(till, 401, 'credentials_missing');
    },
  );
});

describe('licenses', () => {
  test('a license is created with an empty catalog, shown and listed', async () => {
    const created = await on.admin('POST', LICENSES, { key: 'EXTRO-3MTR-NEW001', name: 'New Shop' });
    expect(created.statusCode).toBe(201);
    expect(created.headers['location']).toBe(`${LICENSES}/EXTRO-3MTR-NEW001`);
    const license = licenseSchema.parse(created.json());
    expect(license).toMatchObject({
      key: 'EXTRO-3MTR-NEW001',
      name: 'New Shop',
      term: '3MTR',
      version: 0,
      items: 0,
      valid_until: '2027-02-23T14:00:00.000Z',
    });
    const shown = await on.admin('GET', `${LICENSES}/EXTRO-3MTR-NEW001`);
    const { activation_code: code, ...rest } = createdLicenseSchema.parse(created.json());
    expect(parseActivationCode(code)).toBe(code);
    expect(shown.json()).toEqual(rest);
    const { licenses } = licenseListSchema.parse((await on.admin('GET', LICENSES)).json());
    expect(licenses.map(({ key }) => key)).toEqual(
      expect.arrayContaining([LICENSE, OTHER_LICENSE, 'EXTRO-3MTR-NEW001']),
    );
  });

  test('a license that exists is not created again', async () => {
    expectProblem(await on.admin('POST', LICENSES, { key: LICENSE }), 409, 'license_exists');
  });

  test.each([
    'extro-life-abc',
    'A.B.C.D',
    'EXTRO-*',
    'EXTRO-#',
    'EXTRO LIFE',
    'SHORT',
    'A\u0000BCDEF',
    'ЕXTRО-LIFE',
  ])('no license can be made or named of %j', async (key) => {
    const problem = expectProblem(await on.admin('POST', LICENSES, { key }), 400, 'license_key_malformed');
    expect(problem.errors?.[0]?.pointer).toBe('/key');
    const url = `${LICENSES}/${encodeURIComponent(key)}`;
    expectProblem(await on.admin('GET', url), 400, 'license_key_malformed');
    expectProblem(await on.admin('POST', `${url}/suspend`), 400, 'license_key_malformed');
  });

  test('a key that is far too long is malformed as well', async () => {
    const url = `${LICENSES}/${'A'.repeat(2000)}`;
    expectProblem(await on.admin('GET', url), 400, 'license_key_malformed');
  });

  test('what is not there is not found', async () => {
    for (const url of ['', '/suspend', '/resume', '/changes'] as const) {
      const method = url === '' ? 'GET' : 'POST';
      const payload = url === '/changes' ? { operations: [putProduct('A')] } : undefined;
      const answer = await on.admin(method, `${LICENSES}/EXTRO-LIFE-NOBODY${url}`, payload);
      expectProblem(answer, 404, 'license_not_found');
    }
  });

  test.each([
    [{}, '/key'],
    [{ key: 'EXTRO-LIFE-NEW002', name: '' }, '/name'],
    [{ key: 'EXTRO-LIFE-NEW002', valid_until: 'tomorrow' }, '/valid_until'],
    [{ key: 'EXTRO-LIFE-NEW002', admin: true }, ''],
  ])('%j is refused with a pointer', async (payload, pointer) => {
    const answer = await on.admin('POST', LICENSES, payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors[0].pointer).toBe(pointer);
  });

  test('suspend and resume are numbered changes, said once', async () => {
    const url = `${LICENSES}/${OTHER_LICENSE}`;
    const before = licenseSchema.parse((await on.admin('GET', url)).json());
    const suspended = licenseSchema.parse((await on.admin('POST', `${url}/suspend`)).json());
    expect(suspended).toMatchObject({ status: 'suspended', version: before.version + 1 });
    const again = licenseSchema.parse((await on.admin('POST', `${url}/suspend`, {})).json());
    expect(again).toEqual(suspended);
    const resumed = licenseSchema.parse((await on.admin('POST', `${url}/resume`)).json());
    expect(resumed).toMatchObject({ status: 'active', version: before.version + 2, digest: before.digest });
    expectProblem(await on.admin('POST', `${url}/suspend`, { reason: 'unpaid' }), 400, 'request_invalid');
  });
});

describe('changes', () => {
  test('[P2] operations become one change with one number', async () => {
    const before = snapshotSchema.parse(JSON.parse(await catalog()));
    const result = commitResultSchema.parse((await on.commit(putProduct('B'), putProduct('C'))).json());
    expect(result).toMatchObject({ version: before.version + 1, changed: 2, type: 'catalog_update' });
    const again = commitResultSchema.parse((await on.commit(putProduct('B'), putProduct('C'))).json());
    expect(again).toMatchObject({ version: result.version, changed: 0, unchanged: 2, type: null });
    const price = { op: 'set_price', product_id: 'B', price: 3.95 };
    expect((await on.commit(price)).json()).toMatchObject({
      type: 'price_update',
      version: result.version + 1,
    });
  });

  const product = { id: 'A', name: 'Tea', price: 2.5, currency: 'GBP' };
  const put = (change: object): object => ({ op: 'put', kind: 'product', item: { ...product, ...change } });
  test.each([
    ['a negative price', put({ price: -1 }), 'item_invalid', '/operations/0/item/price'],
    [
      'a price of minus nothing',
      '{"op":"set_price","product_id":"A","price":-0.0}',
      'price_invalid',
      '/operations/0/price',
    ],
    [
      'a price too precise for its currency',
      put({ price: 1.005 }),
      'item_invalid',
      '/operations/0/item/price',
    ],
    [
      'a price with pence in yen',
      put({ price: 1.5, currency: 'JPY' }),
      'item_invalid',
      '/operations/0/item/price',
    ],
    ['a price of 2^53 pence', put({ price: 90071992547409.92 }), 'item_invalid', '/operations/0/item/price'],
    [
      'a price beyond all numbers',
      '{"op":"set_price","product_id":"A","price":1e999}',
      'request_invalid',
      '/operations/0/price',
    ],
    ['a price that is a text', put({ price: '2.50' }), 'item_invalid', '/operations/0/item/price'],
    ['a currency that is none', put({ currency: 'XXY' }), 'item_invalid', '/operations/0/item/currency'],
    ['a field that is not known', put({ colour: 'red' }), 'item_invalid', '/operations/0/item'],
    ['an id with a control character', put({ id: 'A\u0000' }), 'item_invalid', '/operations/0/item/id'],
    [
      'a kind that is not known',
      { op: 'put', kind: 'coupon', item: product },
      'request_invalid',
      '/operations/0/kind',
    ],
    [
      'an operation that is not known',
      { op: 'drop', kind: 'product' },
      'request_invalid',
      '/operations/0/op',
    ],
    [
      'an item that is a list',
      { op: 'put', kind: 'product', item: [] },
      'request_invalid',
      '/operations/0/item',
    ],
    [
      'a key of a prototype',
      '{"op":"put","kind":"product","item":{"__proto__":{"price":1},"id":"A"}}',
      'request_invalid',
      undefined,
    ],
    [
      'a constructor',
      '{"op":"delete","kind":"product","id":"A","constructor":{"prototype":{"x":1}}}',
      'request_invalid',
      undefined,
    ],
  ])('%s is refused, and the row stays as it was', async (_what, operation, code, pointer) => {
    const before = await catalog();
    const text = typeof operation === 'string' ? operation : JSON.stringify(operation);
    const problem = expectProblem(await on.admin('POST', CHANGES, `{"operations":[${text}]}`), 400, code);
    expect(problem.errors?.[0]?.pointer).toBe(pointer);
    expect(await catalog()).toBe(before);
    expect(Object.prototype).not.toHaveProperty('price');
  });

  test('one bad operation, and none of them is done', async () => {
    const before = await catalog();
    const answer = await on.commit(putProduct('GOOD'), { op: 'set_price', product_id: 'NOWHERE', price: 1 });
    expectProblem(answer, 404, 'item_not_found');
    expect(await catalog()).toBe(before);
  });

  test.each([
    ['no operations', { operations: [] }, '/operations'],
    ['too many', { operations: Array.from({ length: 1001 }, () => putProduct('A')) }, '/operations'],
    ['something else', { ops: [] }, '/operations'],
  ])('%s: refused', async (_what, payload, pointer) => {
    const problem = expectProblem(await on.admin('POST', CHANGES, payload), 400, 'request_invalid');
    expect(problem.errors?.[0]?.pointer).toBe(pointer);
  });
});

describe('broadcasts', () => {
  test('a notice is accepted with its end', async () => {
    const answer = await on.admin('POST', '/api/v1/admin/broadcasts', {
      type: 'system_notice',
      message: 'Card payments are back.',
      expires_in_s: 60,
    });
    expect(answer.statusCode).toBe(202);
    expect(broadcastResultSchema.parse(answer.json()).expires_at).toBe('2026-11-23T14:01:00.000Z');
  });

  test.each([
    [{ type: 'price_update', message: 'x' }, '/type'],
    [{ type: 'system_notice', message: ' ' }, '/message'],
    [{ type: 'system_notice', message: 'x'.repeat(501) }, '/message'],
    [{ type: 'system_notice', message: 'x', expires_in_s: 0 }, '/expires_in_s'],
    [{ type: 'system_notice', message: 'x', license_key: LICENSE }, ''],
  ])('%j is refused', async (payload, pointer) => {
    const problem = expectProblem(
      await on.admin('POST', '/api/v1/admin/broadcasts', payload),
      400,
      'request_invalid',
    );
    expect(problem.errors?.[0]?.pointer).toBe(pointer);
  });
});
