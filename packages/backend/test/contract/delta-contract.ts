import { deltaQuerySchema } from '@tillcast/protocol/http/sync-api';
import type { Operation } from '@tillcast/protocol/operation';
import { expect, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import { MAX_PAGE_BYTES, readDeltaPage } from '../../src/catalog/read-delta-page.ts';
import { readHead } from '../../src/catalog/read-head.ts';
import type { Database } from '../../src/database/database.ts';
import { asOwner } from '../database/as-owner.ts';
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

export function deltaContract(database: () => Database): void {
  test('[S6] a delta has the last state of what changed since, tombstones included', async () => {
    const key = await newLicense(database());
    await commit(database(), key, [product('P1'), product('P2'), product('P3')], context);
    await commit(database(), key, [setPrice('P1', 2)], context);
    await commit(database(), key, [remove('product', 'P2')], context);
    await commit(database(), key, [setPrice('P1', 3)], context);
    const { epoch } = await readHead(database(), key);
    const page = await readDeltaPage(database(), key, { epoch, since: 1, limit: 10 });
    if (page === 'history_gone') throw new Error('The history is gone.');
    expect(page).toMatchObject({ since: 1, version: 4, next: null });
    const rows = JSON.parse(page.changes) as { id: string; item: { price: number } | null }[];
    expect(rows.map(({ id, item }) => [id, item?.price ?? null])).toEqual([
      ['P2', null],
      ['P1', 3],
    ]);
    const none = await readDeltaPage(database(), key, { epoch, since: 4, limit: 10 });
    expect(none).toMatchObject({ version: 4, changes: '[]', next: null });
  });

  test('[S7] a delta of another history, from beyond ours or before it is gone', async () => {
    const key = await newLicense(database());
    await commit(database(), key, [product('P1')], context);
    await commit(database(), key, [product('P2')], context);
    const { epoch, licenseId } = await readHead(database(), key);
    const read = (since: number, of = epoch): Promise<unknown> =>
      readDeltaPage(database(), key, { epoch: of, since, limit: 10 });
    expect(await read(0, 'anotherhistory')).toBe('history_gone');
    expect(await read(3)).toBe('history_gone');
    expect(await read(2)).toMatchObject({ version: 2 });
    await asOwner(database(), `UPDATE catalogs SET history_floor = 2 WHERE license_id = ${licenseId}`);
    expect(await read(1)).toBe('history_gone');
    expect(await read(2)).toMatchObject({ version: 2 });
  });

  test('[S8] a page that is not one of ours is refused', async () => {
    const key = await newLicense(database());
    const { epoch } = await readHead(database(), key);
    for (const page of ['', 'x', '%00', Buffer.from('1.nokind.P1').toString('base64url')]) {
      const reading = readDeltaPage(database(), key, { epoch, since: 0, limit: 10, page });
      await expect(reading, page).rejects.toMatchObject({
        code: 'request_invalid',
        details: [{ pointer: '/page' }],
      });
    }
  });

  test('[S6] the token of a page that ends with the longest id is taken back', async () => {
    const key = await newLicense(database());
    const [first, second] = [`${'\u{4e00}'.repeat(63)}a`, `${'\u{4e00}'.repeat(63)}b`];
    await commit(database(), key, [product(first), product(second)], context);
    const { epoch } = await readHead(database(), key);
    const page = await readDeltaPage(database(), key, { epoch, since: 0, limit: 1 });
    if (page === 'history_gone') throw new Error('The history is gone.');
    const query = deltaQuerySchema.parse({ epoch, since: '0', limit: '1', page: page.next });
    const rest = await readDeltaPage(database(), key, query);
    expect(rest).toMatchObject({ changes: expect.stringContaining(second), next: null });
  });

  test('[S6] a page of large items ends before its limit, and the next goes on from there', async () => {
    const key = await newLicense(database());
    const options = Array.from({ length: 100 }, (_, index) => ({
      id: `${'\u{4e00}'.repeat(61)}${String(index).padStart(3, '0')}`,
      name: '\u{4e00}'.repeat(200),
    }));
    const large = Array.from({ length: 120 }, (_, index): Operation => {
      return { op: 'put', kind: 'modifier', item: { id: `M${index}`, name: 'M', currency: 'GBP', options } };
    });
    await commit(database(), key, large, context);
    const { epoch, content } = await snapshotOf(database(), key);
    const first = await readDeltaPage(database(), key, { epoch, since: 0, limit: 5000 });
    if (first === 'history_gone') throw new Error('The history is gone.');
    expect(Buffer.byteLength(first.changes)).toBeLessThanOrEqual(MAX_PAGE_BYTES + 1);
    const copy: Content = new Map();
    const last = await applyWholeDelta(database(), key, { epoch, since: 0, limit: 5000 }, copy);
    expect(last.pages).toBe(2);
    expect(copy).toEqual(content);
  });

  test('[S6] pages read while commits go on give exactly the content at the last page’s version', async () => {
    const key = await newLicense(database());
    const operations = Array.from({ length: 60 }, (_, index) => product(`P${index}`));
    await commit(database(), key, operations, context);
    const { epoch, content } = await snapshotOf(database(), key);
    for (let index = 0; index < 40; index += 1) {
      await commit(database(), key, [setPrice(`P${index}`, 10 + index)], context);
    }
    let turn = 0;
    const commitBetween = async (): Promise<void> => {
      turn += 1;
      if (turn > 12) return;
      // Rows of pages that were read, of pages to come, new ones, deleted ones.
      await commit(database(), key, [setPrice(`P${turn}`, 100 + turn)], context);
      await commit(database(), key, [remove('product', `P${39 - turn}`), product(`N${turn}`)], context);
    };
    const from = { epoch, since: 1, limit: 7 };
    const last = await applyWholeDelta(database(), key, from, content, commitBetween);
    const now = await snapshotOf(database(), key);
    expect(last).toMatchObject({ version: now.version, digest: now.digest });
    expect(last.pages).toBeGreaterThan(6);
    expect(content).toEqual(now.content);
    expect(digestOf(content)).toBe(last.digest);
  });
}
