import { randomUUID } from 'node:crypto';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import {
  deltaPageSchema,
  SYNC_PATHS,
  TERMINAL_ID_HEADER,
  versionAnswerSchema,
} from '@tillcast/protocol/http/sync-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  LICENSE,
  manyProducts,
  OTHER_LICENSE,
  openTestApp,
  putProduct,
  type TestApp,
} from '../http/test-app.ts';

const LICENSES = [LICENSE, OTHER_LICENSE];

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp();
  for (const key of LICENSES) {
    await on.admin('PATCH', ADMIN_PATHS.license(key), { terminals_max: 1_000 });
    await on.admin('POST', ADMIN_PATHS.changes(key), { operations: manyProducts(200) });
  }
});
afterAll(() => on[Symbol.asyncDispose]());

/** Tills of both licenses come back at once: half of them were away for a change, half have nothing. */
async function storm(tills: number): Promise<readonly string[]> {
  const before = await Promise.all(
    LICENSES.map(async (key) =>
      versionAnswerSchema.parse((await on.get(SYNC_PATHS.version, { 'x-license-key': key })).json()),
    ),
  );
  for (const key of LICENSES) {
    await on.admin('POST', ADMIN_PATHS.changes(key), { operations: [putProduct('P0001', tills)] });
  }
  on.statements.length = 0;
  const statuses = await Promise.all(
    Array.from({ length: tills }, async (_, till) => {
      const of = before[till % LICENSES.length];
      if (of === undefined) throw new Error('no license');
      const headers = {
        'x-license-key': of.license_key,
        [TERMINAL_ID_HEADER]: randomUUID(),
        'accept-encoding': 'zstd, br, gzip',
      };
      const report = async (): Promise<number> => {
        const { epoch, version, digest } = of;
        const payload = {
          cursor: { epoch, version, digest },
          unsent_sales: 0,
          clock: on.clock.toISOString(),
        };
        return (await on.app.inject({ method: 'POST', url: SYNC_PATHS.status, headers, payload })).statusCode;
      };
      const delta = `${SYNC_PATHS.changes}?epoch=${of.epoch}&since=${of.version}&limit=2000`;
      const pull = await on.get(till % 4 < 2 ? delta : SYNC_PATHS.fullData, headers);
      return [await report(), pull.statusCode, await report()];
    }),
  );
  expect([...new Set(statuses.flat())]).toEqual([200]);
  return [...on.statements];
}

test('[S11] what the database is asked grows with licenses, not with tills: 200 tills of two licenses return at once', {
  timeout: 120_000,
}, async () => {
  const few = await storm(20);
  const many = await storm(200);
  const count = (names: readonly string[], name: string): number =>
    names.filter((each) => each === name).length;
  for (const name of ['read_snapshot', 'read_delta_page']) {
    expect([name, count(many, name)]).toEqual([name, LICENSES.length]);
  }
  expect(many.length).toBeLessThan(few.length + 20);
});

test('[S11] tills that were cut off at sixty different versions of one license cost five reads at most, and each gets its own delta', {
  timeout: 120_000,
}, async () => {
  const at = async (): Promise<{ readonly epoch: string; readonly version: number }> =>
    versionAnswerSchema.parse((await on.get(SYNC_PATHS.version, { 'x-license-key': LICENSE })).json());
  const first = await at();
  const CHANGES = 60;
  for (let change = 0; change < CHANGES; change += 1) {
    // Every item changes twice, so that the newer change hides the older one; every third is a tombstone.
    const id = `P${String(change % 30).padStart(4, '0')}`;
    const operation = change % 3 === 0 ? { op: 'delete', kind: 'product', id } : putProduct(id, 500 + change);
    const answer = await on.admin('POST', ADMIN_PATHS.changes(LICENSE), { operations: [operation] });
    expect(answer.statusCode).toBe(200);
  }
  const { epoch, version } = await at();
  const delta = async (since: number, limit: number): Promise<unknown> => {
    const query = `epoch=${epoch}&since=${since}&limit=${limit}`;
    const answer = await on.get(`${SYNC_PATHS.changes}?${query}`, { 'x-license-key': LICENSE });
    expect(answer.statusCode).toBe(200);
    const { changes, next, ...head } = deltaPageSchema.parse(answer.json());
    return { changes, next, version: head.version, digest: head.digest, since: head.since };
  };
  on.statements.length = 0;
  const starts = Array.from({ length: version - first.version }, (_, index) => first.version + index);
  const shared = await Promise.all(starts.map((since) => delta(since, 2_000)));
  const late = await delta(first.version - 1, 2_000);
  expect(on.statements.filter((name) => name === 'read_delta_page').length).toBeLessThanOrEqual(5);
  // A limit that is not usual is read by itself.
  for (const [index, since] of starts.entries()) expect(shared[index]).toEqual(await delta(since, 999));
  expect(late).toEqual(await delta(first.version - 1, 999));
});
