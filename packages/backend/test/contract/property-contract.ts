import { TillcastError } from '@tillcast/protocol/errors';
import type { Operation } from '@tillcast/protocol/operation';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import type { Database } from '../../src/database/database.ts';
import { findLicense } from '../../src/licenses/find-license.ts';
import { messagesOf } from './change-log.ts';
import {
  applyWholeDelta,
  type Content,
  context,
  digestOf,
  newLicense,
  product,
  remove,
  setPrice,
  snapshotOf,
} from './fixture.ts';

// Few ids, so that operations meet; among them such as break naive quoting or ordering.
const id = fc.constantFrom('A', 'a', 'B-1', "o'x", 'q"u', 'é', '🙂', 'x{,}', 'NULL', '\\');
const price = fc.integer({ min: 0, max: 500 }).map((minor) => minor / 100);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(id, price).map(([each, amount]) => product(each, amount)),
  fc.tuple(id, price).map(([each, amount]) => setPrice(each, amount)),
  id.map((each) => remove('product', each)),
  id.map((each): Operation => ({ op: 'put', kind: 'category', item: { id: each, name: `“${each}”` } })),
  id.map((each) => remove('category', each)),
);
const commits = fc.array(fc.array(operation, { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 12,
});

export function propertyContract(database: () => Database): void {
  test('[P4] after any commits the digest is the rows’ sum, and every old copy comes to it by its delta', async () => {
    const history = async (all: Operation[][], limit: number): Promise<void> => {
      const key = await newLicense(database());
      const copies: { version: number; content: Content }[] = [];
      for (const operations of all) {
        const { version, content } = await snapshotOf(database(), key);
        copies.push({ version, content });
        const versionAfter = await commit(database(), key, operations, context).then(
          (result) => result.version,
          // A price for a product that is not there: the whole commit is refused.
          (error: unknown) => {
            if (error instanceof TillcastError && error.code === 'item_not_found') return version;
            throw error;
          },
        );
        expect((await snapshotOf(database(), key)).version).toBe(versionAfter);
      }
      const head = await snapshotOf(database(), key);
      expect(digestOf(head.content)).toBe(head.digest);
      expect(await findLicense(database(), key)).toMatchObject({ items: head.content.size });
      const versions = (await messagesOf(database(), key)).map(({ version }) => version);
      expect(versions).toEqual(Array.from({ length: head.version }, (_, index) => index + 1));
      for (const { version: since, content } of copies) {
        const last = await applyWholeDelta(database(), key, { epoch: head.epoch, since, limit }, content);
        expect(last).toMatchObject({ version: head.version, digest: head.digest });
        expect(content).toEqual(head.content);
      }
    };
    await fc.assert(fc.asyncProperty(commits, fc.integer({ min: 1, max: 5 }), history), { numRuns: 12 });
  });
}
