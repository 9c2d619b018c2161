import { connect } from 'node:net';
import { importResultSchema } from '@tillcast/protocol/http/admin-api';
import { snapshotSchema } from '@tillcast/protocol/http/sync-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  API_KEY,
  expectProblem,
  LICENSE,
  openTestApp,
  putProduct,
  type TestApp,
} from '../http/test-app.ts';

const IMPORT = `/api/v1/admin/licenses/${LICENSE}/import`;

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp({ importBounds: { maxBytes: 200_000, maxLineBytes: 1000, maxLines: 500 } });
});
afterAll(() => on[Symbol.asyncDispose]());

function send(payload: string | Buffer, mode = '', type = 'application/x-ndjson'): Promise<Answer> {
  return on.app.inject({
    method: 'POST',
    url: `${IMPORT}${mode}`,
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': type },
    payload,
  });
}

const lines = (...rows: readonly (object | string)[]): string =>
  rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');

async function catalog(): Promise<string> {
  const { body } = await on.sync('/api/v1/sync/full_data');
  return body;
}

const BAD_UTF8 = Buffer.concat([
  Buffer.from('{"op":"delete","kind":"product","id":"'),
  Buffer.from([0xff, 0xfe]),
  Buffer.from('"}'),
]);

test('an import is one change, whatever the ends of its lines', async () => {
  const payload = `\uFEFF${JSON.stringify(putProduct('A'))}\r\n\n  \n${JSON.stringify(putProduct('B'))}`;
  const answer = await send(payload.replace('\uFEFF', ''));
  expect(answer.statusCode).toBe(200);
  expect(importResultSchema.parse(answer.json())).toMatchObject({
    version: 1,
    changed: 2,
    read: 2,
    rejected: 0,
    errors: [],
  });
});

test('nothing to import changes nothing', async () => {
  const answer = await send('');
  expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status: 200 });
  expect(importResultSchema.parse(answer.json())).toMatchObject({ type: null, changed: 0, read: 0 });
});

describe('bad lines', () => {
  const bad = [
    ['no JSON', 'nonsense'],
    ['half of a JSON', '{"op":'],
    ['no UTF-8', BAD_UTF8],
    ['no operation', '{"op":"drop"}'],
    ['a list', '[]'],
    [
      'a bad item',
      lines({ op: 'put', kind: 'product', item: { id: 'X', name: 'X', price: -1, currency: 'GBP' } }),
    ],
    ['a key of a prototype', '{"op":"delete","kind":"product","id":"A","__proto__":{}}'],
    ['deep JSON', `${'['.repeat(400)}${']'.repeat(400)}`],
    ['far too many characters', lines(putProduct('L'.repeat(2000)))],
    ['an item that is not there', lines({ op: 'set_price', product_id: 'NOWHERE', price: 1 })],
  ] as const;

  test.each(bad)('%s: strict changes nothing and names the line', async (_what, line) => {
    const before = await catalog();
    const payload = Buffer.concat([
      Buffer.from(`${lines(putProduct('GOOD1'), '')}\n`),
      Buffer.from(line),
      Buffer.from(`\n${lines(putProduct('GOOD2'))}\n`),
    ]);
    const problem = expectProblem(await send(payload), 400, 'import_invalid');
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(['line 3']);
    expect(problem.detail).toContain('Nothing was changed');
    expect(await catalog()).toBe(before);
  });

  test('partial does the good ones and names the bad ones in their order', async () => {
    const payload = Buffer.concat(
      bad.flatMap(([, line], index) => [
        Buffer.from(`${lines(putProduct(`G${index}`))}\n`),
        Buffer.from(line),
        Buffer.from('\n'),
      ]),
    );
    const answer = await send(payload, '?mode=partial');
    expect(answer.statusCode).toBe(200);
    const result = importResultSchema.parse(answer.json());
    expect(result).toMatchObject({ read: 20, rejected: bad.length, changed: 10 });
    expect(result.errors.map(({ pointer }) => pointer)).toEqual(
      bad.map((_, index) => `line ${2 * index + 2}`),
    );
    const { products } = snapshotSchema.parse(JSON.parse(await catalog()));
    expect(products.map(({ id }) => id)).toEqual(expect.arrayContaining(['G0', 'G9']));
  });

  test('of many bad lines the first twenty are named and all are counted', async () => {
    const payload = Array.from({ length: 45 }, () => 'nonsense').join('\n');
    const problem = expectProblem(await send(payload), 400, 'import_invalid');
    expect(problem.errors).toHaveLength(20);
    expect(problem.detail).toContain('45 of 45 lines');
  });
});

describe('bounds', () => {
  test('more bytes than allowed are refused, and nothing is changed', async () => {
    const before = await catalog();
    const payload = `${lines(putProduct('BIG'))}\n${'\n'.repeat(200_000)}`;
    expectProblem(await send(payload, '?mode=partial'), 413, 'request_too_large');
    expect(await catalog()).toBe(before);
  });

  test('more lines than allowed are refused, and nothing is changed', async () => {
    const before = await catalog();
    const payload = Array.from({ length: 501 }, (_, index) => lines(putProduct(`L${index}`))).join('\n');
    expectProblem(await send(payload), 413, 'request_too_large');
    expect(await catalog()).toBe(before);
  });

  test.each(['application/json', 'text/csv', ''])('the media type %j is refused', async (type) => {
    expectProblem(await send(lines(putProduct('A')), '', type), 415, 'media_type_unsupported');
  });

  test.each(['?mode=loose', '?mode=', '?made=strict'])('the query %s is refused', async (query) => {
    expectProblem(await send(lines(putProduct('A')), query), 400, 'request_invalid');
  });

  test('a license that is not there is said before the body is read', async () => {
    const answer = await on.app.inject({
      method: 'POST',
      url: '/api/v1/admin/licenses/EXTRO-LIFE-NOBODY/import',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/x-ndjson' },
      payload: 'nonsense',
    });
    expectProblem(answer, 404, 'license_not_found');
  });
});

test('an import whose sender goes away in the middle changes nothing', async () => {
  const before = await catalog();
  on.statements.length = 0;
  const ended = new Promise<void>((resolve) => {
    const push = on.log.push.bind(on.log);
    on.log.push = (...entries) => {
      if (entries.some((entry) => entry.includes('went away'))) resolve();
      return push(...entries);
    };
  });
  await on.app.listen({ host: '127.0.0.1', port: 0 });
  const address = on.app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const body = `${lines(putProduct('CUT-OFF'))}\n`;
  const head = [
    `POST ${IMPORT} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${API_KEY}`,
    'Content-Type: application/x-ndjson',
    `Content-Length: ${body.length * 3}`,
  ];
  const socket = connect(port, '127.0.0.1');
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.end());
  socket.resume();
  await ended;
  socket.destroy();
  await on.app.inject('/health');
  expect(on.statements).toEqual(['find_license']);
  expect(await catalog()).toBe(before);
});
