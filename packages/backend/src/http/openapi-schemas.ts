import type { SwaggerTransformObject } from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

type ZodToJson = NonNullable<NonNullable<Parameters<typeof createJsonSchemaTransform>[0]>['zodToJsonConfig']>;

const config: ZodToJson = {
  override: ({ zodSchema, jsonSchema }) => {
    const { def } = zodSchema._zod;
    if (def.type === 'pipe' && 'in' in def && def.in instanceof z.core.$ZodType)
      describeByInput(def.in, jsonSchema);
    // An answer may gain fields: only what is strict at the door is said to be closed.
    if (def.type === 'object' && (!('catchall' in def) || def.catchall === undefined)) {
      delete jsonSchema.additionalProperties;
    }
    // A number of a query is a text that is checked by its digits.
    if (jsonSchema.type === 'integer') delete jsonSchema.pattern;
    // The format says it; the pattern of a date alone is 300 characters.
    if (jsonSchema.format === 'date-time' || jsonSchema.format === 'uuid') delete jsonSchema.pattern;
  },
};

/**
 * A branded string (a license key, a currency) is a check and a transform that changes nothing. As an
 * answer zod knows only of the transform, which has no schema: it is described by its check instead.
 */
function describeByInput(input: z.core.$ZodType, jsonSchema: z.core.JSONSchema.BaseSchema): void {
  if (jsonSchema.type !== undefined || jsonSchema.$ref !== undefined) return;
  const { $schema: _dialect, ...described } = z.core.toJSONSchema(input, { io: 'input' });
  for (const [name, value] of Object.entries(described)) {
    if (jsonSchema[name] === undefined && !name.startsWith('~')) jsonSchema[name] = value;
  }
}

const describeByZod: ReturnType<typeof createJsonSchemaTransform> = createJsonSchemaTransform({
  zodToJsonConfig: config,
});

const describedAnswers = z.record(
  z.string(),
  z.looseObject({
    headers: z.record(z.string(), z.unknown()).optional(),
    content: z.record(z.string(), z.looseObject({ example: z.unknown().optional() })).optional(),
  }),
);

/** Carries a body's example through the plugin, which drops what stands beside a reference. */
const BODY_EXAMPLE = 'x-body-example';

/** One route: what zod says of its schemas, with the headers and examples that stand beside them. */
export const describeRoute: typeof describeByZod = (document) => {
  const described = describeByZod(document);
  const { response, bodyExample } = document.schema ?? {};
  if (bodyExample !== undefined) Object.assign(described.schema, { [BODY_EXAMPLE]: bodyExample });
  const written = describedAnswers.safeParse(response);
  const answers = describedAnswers.safeParse(described.schema.response);
  if (!written.success || !answers.success) return described;
  for (const [status, { headers, content = {} }] of Object.entries(written.data)) {
    const answer = answers.data[status];
    if (answer === undefined) continue;
    if (headers !== undefined) answer.headers = headers;
    for (const [mediaType, { example }] of Object.entries(content)) {
      const media = answer.content?.[mediaType];
      if (media !== undefined && example !== undefined) media.example = example;
    }
  }
  return { ...described, schema: { ...described.schema, response: answers.data } };
};

const describeAll: SwaggerTransformObject = createJsonSchemaTransformObject({ zodToJsonConfig: config });

type Schemas = Record<string, unknown>;

/**
 * The whole description. The registry of zod holds every schema with a name, and each of them twice, as it
 * is sent and as it is answered: what no path refers to is left out, and where one of the two remains it
 * has the plain name.
 */
export const describeApi: SwaggerTransformObject = (document) => {
  const described = describeAll(document);
  if (!('components' in described) || described.components?.schemas === undefined) return described;
  const all: Schemas = { ...described.components.schemas };
  spellOutOperations(all);
  const kept = reachable(described.paths, all);
  const renamed = new Map(
    [...kept]
      .filter((name) => name.endsWith('Input') && !kept.has(name.slice(0, -'Input'.length)))
      .map((name) => [name, name.slice(0, -'Input'.length)]),
  );
  const schemas = Object.fromEntries(
    [...kept].toSorted().map((name) => [renamed.get(name) ?? name, all[name]] as const),
  );
  Object.assign(described.components, { schemas });
  for (const path of Object.values(described.paths ?? {})) {
    for (const operation of Object.values(path ?? {})) placeBodyExample(operation);
  }
  return renameReferences(described, renamed);
};

const operationSchema = z.looseObject({
  [BODY_EXAMPLE]: z.unknown(),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({})) }),
});

function placeBodyExample(operation: unknown): void {
  const parsed = operationSchema.safeParse(operation);
  if (!parsed.success || typeof operation !== 'object' || operation === null) return;
  const { [BODY_EXAMPLE]: example, requestBody, ...rest } = parsed.data;
  for (const media of Object.values(requestBody.content)) media['example'] = example;
  Reflect.deleteProperty(operation, BODY_EXAMPLE);
  Object.assign(operation, rest, { requestBody });
}

const REFERENCE = '#/components/schemas/';

/** The names that paths refer to, by however many steps. */
function reachable(paths: unknown, schemas: Schemas): ReadonlySet<string> {
  const found = new Set<string>();
  const queue: unknown[] = [paths];
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    for (const name of referencesOf(value)) {
      if (found.has(name) || schemas[name] === undefined) continue;
      found.add(name);
      queue.push(schemas[name]);
    }
  }
  return found;
}

function referencesOf(value: unknown): readonly string[] {
  return [...JSON.stringify(value).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name = '']) => name,
  );
}

function renameReferences<T>(value: T, renamed: ReadonlyMap<string, string>): T {
  const text = JSON.stringify(value, (key, child: unknown) => {
    if (key !== '$ref' || typeof child !== 'string' || !child.startsWith(REFERENCE)) return child;
    const name = child.slice(REFERENCE.length);
    return `${REFERENCE}${renamed.get(name) ?? name}`;
  });
  // A copy of the same shape: only the texts of references differ.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(text) as T;
}

const putSchema = z.looseObject({
  properties: z.looseObject({ op: z.looseObject({ const: z.literal('put') }), item: z.unknown() }),
});

/** A `put` carries an item of its kind, checked in a second step; the description names the kinds' schemas. */
function spellOutOperations(schemas: Schemas): void {
  const operation = z.looseObject({ oneOf: z.array(z.unknown()) }).safeParse(schemas['OperationInput']);
  if (!operation.success) return;
  const oneOf = operation.data.oneOf.map((variant) => {
    const put = putSchema.safeParse(variant);
    if (!put.success) return variant;
    const item = { anyOf: ITEMS.map((name) => ({ $ref: `${REFERENCE}${name}Input` })) };
    return { ...put.data, properties: { ...put.data.properties, item } };
  });
  schemas['OperationInput'] = { ...operation.data, oneOf };
}

const ITEMS = ['Category', 'Modifier', 'Product', 'Table', 'User'] as const;
