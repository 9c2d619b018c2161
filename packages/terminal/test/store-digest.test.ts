import type { Cursor } from '@tillcast/protocol/cursor';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { type Row, rowOf, withPrice } from '@tillcast/protocol/items/item';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import type { Edit } from '@tillcast/protocol/messages/edits';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ApplyOutcome, TillStore } from '../src/store/till-store.ts';
import { product } from './model-catalog.ts';
import { tempFolder } from './temp-folder.ts';

const ids = fc.constantFrom('A', 'B', 'C', '__proto__', 'é 1');
const prices = fc.nat(100_000).map((minor) => minor / 100);
const names = fc.string().map((text) => `c${text.replaceAll(/[\p{Cc}\p{Cs}]/gu, '')}`);
const rowArbitrary: fc.Arbitrary<Row> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(ids, prices).map(([id, price]): Row => product(id, price)) },
  { weight: 2, arbitrary: fc.tuple(ids, names).map(([id, name]): Row => rowOf('category', { id, name })) },
  { weight: 1, arbitrary: ids.map((id): Row => ({ kind: 'product', id, body: null })) },
  { weight: 1, arbitrary: ids.map((id): Row => ({ kind: 'category', id, body: null })) },
);
const editArbitrary: fc.Arbitrary<Edit> = fc.oneof(
  rowArbitrary.map((row): Edit => ({ edit: 'write', row })),
  fc
    .tuple(ids, prices)
    .map(([productId, price]): Edit => ({ edit: 'price', productId, price, currency: 'GBP' })),
);
const stepArbitrary = fc.oneof(
  fc.record({
    how: fc.constant('edits'),
    edits: fc.array(editArbitrary, { maxLength: 8 }),
    lies: fc.boolean(),
  }),
  fc.record({ how: fc.constant('rows'), rows: fc.array(rowArbitrary, { maxLength: 8 }), lies: fc.boolean() }),
  fc.record({
    how: fc.constant('all'),
    rows: fc.uniqueArray(rowArbitrary, { maxLength: 8, selector: keyOf }),
    lies: fc.boolean(),
  }),
);
type Step = typeof stepArbitrary extends fc.Arbitrary<infer S> ? S : never;

/** A catalog as rows by kind and id. */
type Model = ReadonlyMap<string, Row>;

function keyOf({ kind, id }: Row): string {
  return `${kind} ${id}`;
}

/** The catalog after a step; null where the step cannot be done. */
function after(model: Model, step: Step): Model | null {
  const next = new Map('edits' in step || step.how === 'rows' ? model : []);
  const write = (row: Row): void => {
    if (row.body === null) next.delete(keyOf(row));
    else next.set(keyOf(row), row);
  };
  if ('rows' in step) {
    for (const row of step.rows) write(row);
    return next;
  }
  for (const edit of step.edits) {
    if (edit.edit === 'write') {
      write(edit.row);
      continue;
    }
    const known = next.get(`product ${edit.productId}`);
    if (known === undefined || known.body === null) return null;
    write({ ...known, body: withPrice(known.body, edit.price, edit.currency) });
  }
  return next;
}

function digestOf(model: Model): DigestSum {
  const sum = new DigestSum();
  for (const { kind, id, body } of model.values()) sum.add(rowDigest(kind, id, body ?? ''));
  return sum;
}

function apply(store: TillStore, step: Step, target: Cursor): ApplyOutcome {
  if ('edits' in step) return store.applyEdits(step.edits, target, () => []);
  if (step.how === 'rows') return store.applyRows(step.rows, target, () => []);
  return store.replaceAll(step.rows, target, () => []);
}

/** Everything that a store shows, sorted. */
function shown(store: TillStore): string[] {
  return ITEM_KINDS.flatMap((kind) => store.bodies(kind).map((body) => `${kind} ${body}`)).toSorted();
}

test('[P4] [T2] whatever is applied in whatever way, content, digest and counts are those of the target or nothing changed', () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { maxLength: 12 }), (steps) => {
      using folder = tempFolder();
      using store = new TillStore({
        path: folder.file('catalog.sqlite'),
        licenseKey: parseLicenseKey('EXTRO-LIFE-ABC123'),
        onSetAside: ({ reason }) => expect.unreachable(reason),
      });
      let model: Model = new Map();
      let cursor: Cursor | null = null;
      for (const [index, step] of steps.entries()) {
        const next = after(model, step);
        const digest = digestOf(next ?? model);
        if (step.lies) digest.add('0000000000000001');
        const target = { epoch: 'epoch00001', version: index + 1, digest: digest.toString() };
        const refused = step.lies || next === null;

        expect(apply(store, step, target).outcome).toBe(refused ? 'digest' : 'applied');

        model = refused ? model : next;
        cursor = refused ? cursor : target;
        expect(store.cursor).toEqual(cursor);
        expect(shown(store)).toEqual(
          [...model.values()].map(({ kind, body }) => `${kind} ${body}`).toSorted(),
        );
        expect(ITEM_KINDS.map((kind) => store.counts[kind])).toEqual(
          ITEM_KINDS.map((kind) => store.bodies(kind).length),
        );
      }
    }),
    { numRuns: 60 },
  );
});
