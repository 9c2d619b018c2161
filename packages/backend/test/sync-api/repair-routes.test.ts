import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { BUCKETS, bucketOf, digestOfBuckets } from '@tillcast/protocol/digest-buckets';
import {
  BUCKETS_MAX,
  digestSumsSchema,
  givenRowsSchema,
  ROWS_MAX,
  rowDigestsSchema,
} from '@tillcast/protocol/http/repair-api';
import { SYNC_PATHS, versionAnswerSchema } from '@tillcast/protocol/http/sync-api';
import { rowOfWire } from '@tillcast/protocol/messages/edits';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectProblem, manyProducts, openTestApp, putProduct, type TestApp } from '../http/test-app.ts';

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp();
  await on.commit(...manyProducts(400), { op: 'put', kind: 'table', item: { id: 'T,1', name: 'Table' } });
  await on.commit({ op: 'delete', kind: 'product', id: 'P0000' });
});
afterAll(() => on[Symbol.asyncDispose]());

async function head(): Promise<{ epoch: string; version: number; digest: string }> {
  return versionAnswerSchema.parse((await on.sync(SYNC_PATHS.version)).json());
}

async function listed(buckets: readonly string[], at?: { epoch: string; version: number }) {
  const { epoch, version } = at ?? (await head());
  return on.sync(`${SYNC_PATHS.rowDigests}?epoch=${epoch}&version=${version}&buckets=${buckets.join()}`);
}

async function given(digests: readonly string[], at?: { epoch: string; version: number }) {
  const { epoch, version } = at ?? (await head());
  return on.sync(`${SYNC_PATHS.rows}?epoch=${epoch}&version=${version}&digests=${digests.join()}`);
}

test('[S10] the sums come to the digest, each is that of its rows, and the rows are those of their numbers', async () => {
  const sums = digestSumsSchema.parse((await on.sync(SYNC_PATHS.digests)).json());
  const now = await head();
  expect(sums).toMatchObject({ epoch: now.epoch, version: now.version, digest: now.digest });
  expect(digestOfBuckets(sums.sums)).toBe(now.digest);

  const numbers: string[] = [];
  for (let from = 0; from < BUCKETS.length; from += BUCKETS_MAX) {
    const buckets = BUCKETS.slice(from, from + BUCKETS_MAX);
    const { rows } = rowDigestsSchema.parse((await listed(buckets)).json());
    for (const bucket of buckets) {
      const sum = new DigestSum();
      for (const { digest } of rows) if (bucketOf(digest) === bucket) sum.add(digest);
      expect(sum.toString()).toBe(sums.sums[BUCKETS.indexOf(bucket)]);
    }
    numbers.push(...rows.map(({ digest }) => digest));
  }
  expect(numbers).toHaveLength(400);
  const { rows } = givenRowsSchema.parse((await given(numbers.slice(0, ROWS_MAX))).json());
  const found = rows.map((row) => rowDigest(row.kind, row.id, rowOfWire(row).body ?? ''));
  expect(found.toSorted()).toEqual(numbers.slice(0, ROWS_MAX).toSorted());
});

test('[S10] what is not there is left out', async () => {
  const { rows } = givenRowsSchema.parse((await given(['0000000000000000'])).json());
  expect(rows).toEqual([]);
});

test('[S4] [S10] sums have an ETag; what single tills miss has none', async () => {
  const first = await on.sync(SYNC_PATHS.digests);
  const etag = String(first.headers['etag']);
  expect((await on.sync(SYNC_PATHS.digests, { 'if-none-match': etag })).statusCode).toBe(304);
  expect((await listed(['00'])).headers['etag']).toBeUndefined();
});

test('[S5] [S10] the sums are added up once a version, however many ask', async () => {
  await on.commit(putProduct('S5'));
  on.statements.length = 0;
  await Promise.all(Array.from({ length: 20 }, () => on.sync(SYNC_PATHS.digests)));
  await on.sync(SYNC_PATHS.digests);
  expect(on.statements.filter((name) => name === 'read_digests')).toHaveLength(1);
});

test('[S10] another version is refused, before and beyond, and so is another history', async () => {
  const { epoch, version } = await head();
  for (const other of [version - 1, version + 1]) {
    expectProblem(await listed(['00'], { epoch, version: other }), 409, 'version_moved');
    expectProblem(await given(['0'.repeat(16)], { epoch, version: other }), 409, 'version_moved');
  }
  const nobodys = { epoch: 'abcdefgh', version };
  expectProblem(await listed(['00'], nobodys), 410, 'history_gone');
  expectProblem(await given(['0'.repeat(16)], nobodys), 410, 'history_gone');
});

test('[S8] [S10] lists that are none, or too long, are refused with a pointer', async () => {
  const tooMany = BUCKETS.slice(0, BUCKETS_MAX + 1);
  for (const buckets of [[], ['0'], ['0g'], ['00', ''], ['FF'], tooMany]) {
    const problem = expectProblem(await listed(buckets), 400, 'request_invalid');
    expect(problem.errors?.[0]?.pointer).toBe('/query/buckets');
  }
  const digests = Array.from({ length: ROWS_MAX + 1 }, (_, index) => index.toString(16).padStart(16, '0'));
  for (const list of [[], ['x'], digests]) {
    const problem = expectProblem(await given(list), 400, 'request_invalid');
    expect(problem.errors?.[0]?.pointer).toBe('/query/digests');
  }
});
