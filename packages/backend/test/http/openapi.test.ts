import { Validator } from '@seriousme/openapi-schema-validator';
import { ERROR_CATALOG, isErrorCode } from '@tillcast/protocol/errors';
import { snapshotSchema } from '@tillcast/protocol/http/sync-api';
import { freePort, launchBrowser } from '@tillcast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openTestApp, TERMINAL_ID, type TestApp } from './test-app.ts';

const methodSchema = z.enum(['POST', 'PATCH']);

const operationSchema = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.enum(['identity', 'sync', 'sales', 'admin', 'operation'])),
  security: z.array(z.record(z.string(), z.array(z.never()))).optional(),
  requestBody: z
    .looseObject({ content: z.record(z.string(), z.looseObject({ example: z.unknown() })) })
    .optional(),
  responses: z.record(
    z.string(),
    z.looseObject({
      description: z.string(),
      content: z
        .record(z.string(), z.looseObject({ schema: z.unknown(), example: z.unknown().optional() }))
        .optional(),
    }),
  ),
});
const documentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
});

let on: TestApp;
let text: string;
let document: z.infer<typeof documentSchema>;
beforeAll(async () => {
  on = await openTestApp();
  text = (await on.get('/openapi.json')).body;
  document = documentSchema.parse(JSON.parse(text));
});
afterAll(() => on[Symbol.asyncDispose]());

const operations = (): readonly (readonly [string, z.infer<typeof operationSchema>])[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  );

test('[S9] the description is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toBe('3.1.0');
  await expect(new Validator().validate(JSON.parse(text))).resolves.toMatchObject({ valid: true });
});

/** The paths of Fastify's own tree of routes. */
function pathsOf(tree: string): readonly string[] {
  const stack: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part] = /^((?:│   |    )*)[├└]── (\S+) \(/.exec(line) ?? [];
    if (part === undefined) return [];
    const depth = indent.length / 4;
    stack.splice(depth, Infinity, part);
    return [stack.join('')];
  });
}

test('[S9] it describes every route that there is, and no other', async () => {
  const paths = pathsOf(on.app.printRoutes({ commonPrefix: false })).filter(
    (path) => path !== '/openapi.json' && !path.startsWith('/docs'),
  );
  expect(paths.length).toBeGreaterThan(15);
  const routes: string[] = [];
  for (const path of paths) {
    const { headers } = await on.app.inject({
      method: 'OPTIONS',
      url: path.replace(':key', 'EXTRO-LIFE-ABC123').replace(':id', TERMINAL_ID),
    });
    const methods = String(headers.allow)
      .split(', ')
      .filter((name) => name !== 'HEAD' && name !== 'OPTIONS');
    for (const method of methods) routes.push(`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
  }
  expect(
    operations()
      .map(([name]) => name)
      .toSorted(),
  ).toEqual(routes.toSorted());
});

test('each operation has a name of its own, its credentials, and says what it refuses', () => {
  const ids = operations().map(([, { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [name, { security, tags, responses }] of operations()) {
    const [tag] = tags;
    const wanted = {
      sync: [{ accessToken: [] }, { licenseKey: [] }],
      sales: [{ accessToken: [] }, { licenseKey: [] }],
      admin: [{ apiKey: [] }],
      // What they want stands in the body.
      identity: [],
      operation: undefined,
    };
    expect({ name, security }).toEqual({ name, security: wanted[tag ?? 'operation'] });
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '500', '503']));
    expect({ name, refuses: '401' in responses }).toEqual({ name, refuses: security !== undefined });
    for (const [status, answer] of Object.entries(responses)) {
      if (Number(status) < 400) continue;
      const codes = [...answer.description.matchAll(/`(\w+)`/g)].map(([, code]) => code);
      expect(codes.length).toBeGreaterThan(0);
      for (const code of codes) {
        expect(isErrorCode(code) && ERROR_CATALOG[code].status).toBe(Number(status));
      }
      expect(answer.content).toHaveProperty(['application/problem+json', 'schema']);
    }
  }
});

test('every body, asked or answered, has an example', () => {
  for (const [name, { requestBody, responses }] of operations()) {
    for (const media of Object.values(requestBody?.content ?? {})) {
      expect({ name, example: media.example }).not.toEqual({ name, example: undefined });
    }
    for (const [status, answer] of Object.entries(responses)) {
      const media = answer.content?.['application/json'] ?? answer.content?.['application/problem+json'];
      const bare = media !== undefined && media.example === undefined;
      expect({ name, status, bare }).toEqual({ name, status, bare: false });
    }
  }
});

test('the examples of bodies are taken as they stand', async () => {
  await on.admin('POST', '/api/v1/admin/licenses/EXTRO-LIFE-ABC123/changes', {
    operations: [
      {
        op: 'put',
        kind: 'product',
        item: { id: 'PROD-001', name: 'Cappuccino', price: 3.6, currency: 'GBP' },
      },
    ],
  });
  for (const [name, { requestBody, tags }] of operations()) {
    const example = requestBody?.content['application/json']?.example;
    if (example === undefined || tags[0] !== 'admin') continue;
    const [method = '', path = ''] = name.split(' ');
    const url = path.replace('{key}', 'EXTRO-LIFE-ABC123').replace('{id}', TERMINAL_ID);
    const answer = await on.admin(methodSchema.parse(method), url, z.looseObject({}).parse(example));
    expect({ name, status: answer.statusCode, body: answer.body }).toMatchObject({ name });
    // There is no terminal, and the license is there already.
    expect(path.includes('{id}') ? [404] : [200, 201, 202, 409]).toContain(answer.statusCode);
  }
  const full = document.paths['/api/v1/sync/full_data']?.['get']?.responses['200'];
  expect(snapshotSchema.safeParse(full?.content?.['application/json']?.example).success).toBe(true);
});

test('only schemas that something refers to are there, and items are spelled out', () => {
  for (const name of Object.keys(document.components.schemas)) {
    expect({ name, used: text.includes(`#/components/schemas/${name}"`) }).toEqual({ name, used: true });
    expect(name).not.toMatch(/Input$/);
  }
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(['Product', 'Category', 'Modifier', 'Table', 'User', 'Operation', 'Problem']),
  );
});

test('the page at /docs shows the operations and asks nobody but this server', async () => {
  const url = await on.app.listen({ host: '127.0.0.1', port: await freePort() });
  await using browser = await launchBrowser();
  const page = await browser.newPage();
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => void asked.push(request.url()));
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  page.on('pageerror', (error) => void complaints.push(error.message));
  await page.goto(`${url}/docs`);
  await page.getByText('The whole catalog').first().waitFor();
  await page.getByText('Say something on every terminal').first().waitFor();
  const outside = asked.filter((each) => !each.startsWith(url) && !each.startsWith('data:'));
  expect({ outside, complaints }).toEqual({ outside: [], complaints: [] });
});
