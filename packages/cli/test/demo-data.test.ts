import { scryptSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rowOf } from '@tillcast/protocol/items/item';
import { type Operation, operationSchema } from '@tillcast/protocol/operation';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readOperations } from '../src/import/read-operations.ts';
import { openSource } from '../src/import/source-file.ts';
import { readPriceChanges } from '../src/replay/price-changes.ts';
import { collect } from './collect.ts';

const demo = (path: string): string => fileURLToPath(new URL(`../../../demo/${path}`, import.meta.url));

async function operationsIn(path: string): Promise<readonly Operation[]> {
  const format = path.endsWith('.csv') ? 'csv' : 'jsonl';
  const options = { kind: 'product', map: [], currency: undefined } as const;
  const rows = await collect(readOperations(await openSource(demo(path)), format, options));
  return rows.flatMap((row) => {
    if ('bad' in row) throw new Error(`line ${row.line}: ${row.bad}`);
    return row.value.map((text) => operationSchema.parse(JSON.parse(text)));
  });
}

function items(operations: readonly Operation[], kind: string): readonly Record<string, unknown>[] {
  return operations.flatMap((each) =>
    each.op === 'put' && each.kind === kind ? [z.record(z.string(), z.unknown()).parse(each.item)] : [],
  );
}

test('every row of the retail catalog is a product in a category', async () => {
  const operations = await operationsIn('online-retail/products.csv');
  const products = items(operations, 'product');
  const categories = new Set(items(operations, 'category').map(({ id }) => id));
  expect(products).toHaveLength(3630);
  expect(new Set(products.map(({ id }) => id)).size).toBe(3630);
  expect(products.every(({ category_id }) => categories.has(category_id))).toBe(true);
  expect(products).toContainEqual(expect.objectContaining({ id: '85123A', price: 2.55, currency: 'GBP' }));
});

test('the recorded price changes can be read', async () => {
  const source = await openSource(demo('online-retail/price_changes.csv.gz'));
  const changes = await readPriceChanges(source.content, {
    fromMs: undefined,
    untilMs: undefined,
    limit: undefined,
  });
  expect(changes).toHaveLength(66_499);
});

test('the café’s menu is whole: what items refer to is there', async () => {
  const operations = await operationsIn('cafe-nord/menu.jsonl');
  const [categories, modifiers] = ['category', 'modifier'].map(
    (kind) => new Set(items(operations, kind).map(({ id }) => id)),
  );
  for (const { category_id, modifier_ids } of items(operations, 'product')) {
    expect(categories).toContain(category_id);
    for (const id of z.array(z.string()).parse(modifier_ids)) expect(modifiers).toContain(id);
  }
  const canonical = operations.map((each) => (each.op === 'put' ? rowOf(each.kind, each.item).body : ''));
  expect(canonical).toEqual(operations.map((each) => (each.op === 'put' ? JSON.stringify(each.item) : '')));
});

test('[I4] the staff’s PINs are those that the README tells', async () => {
  const readme = await readFile(demo('cafe-nord/README.md'), 'utf8');
  for (const { name, pin_hash } of items(await operationsIn('cafe-nord/menu.jsonl'), 'user')) {
    const pin = new RegExp(`^\\| ${String(name)} \\| .* \\| (\\d+) \\|$`, 'm').exec(readme)?.[1] ?? '';
    const [, n, r, p, salt = '', hash] = String(pin_hash).split('$');
    const made = scryptSync(pin, Buffer.from(salt, 'base64url'), 32, {
      N: Number(n),
      r: Number(r),
      p: Number(p),
    });
    expect(made.toString('base64url')).toBe(hash);
  }
});
