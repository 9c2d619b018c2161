import type { SwaggerTransformObject } from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

type ZodToJson = NonNullable<NonNullable<Parameters<typeof createJsonSchemaTransform>[0]>['zodToJsonConfig']>;

/**
 * A branded string (a license key, a currency) is a check and a transform that changes nothing. As an
 * answer zod knows only of the transform, which has no schema: it is described by its check instead.
 */
const config: ZodToJson = {
  override: ({ zodSchema, jsonSchema }) => {
    const { def } = zodSchema._zod;
    if (def.type !== 'pipe' || !('in' in def) || !(def.in instanceof z.core.$ZodType)) return;
    if (jsonSchema.type !== undefined || jsonSchema.$ref !== undefined) return;
    const { $schema: _dialect, ...described } = z.core.toJSONSchema(def.in, { io: 'input' });
    for (const [name, value] of Object.entries(described)) {
      if (jsonSchema[name] === undefined && !name.startsWith('~')) jsonSchema[name] = value;
    }
  },
};

export const describeRoute: ReturnType<typeof createJsonSchemaTransform> = createJsonSchemaTransform({
  zodToJsonConfig: config,
});

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
  return renameReferences(described, renamed);
};

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
