import { expect, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import { readHead } from '../../src/catalog/read-head.ts';
import type { Database } from '../../src/database/database.ts';
import { setLicenseStatus } from '../../src/licenses/set-license-status.ts';
import { messagesOf } from './change-log.ts';
import {
  applyWholeDelta,
  type Content,
  context,
  digestOf,
  newLicense,
  product,
  setPrice,
  snapshotOf,
} from './fixture.ts';

export function concurrencyContract(database: () => Database): void {
  test('[P2] changes that are committed at once are numbered without a hole', async () => {
    const key = await newLicense(database());
    await commit(database(), key, [product('HOT', 0)], context);
    const big = Array.from({ length: 600 }, (_, index) => product(`B${index}`));
    const work = Array.from({ length: 60 }, (_, index) => {
      if (index === 20) return commit(database(), key, big, context);
      if (index % 15 === 7)
        return setLicenseStatus(database(), key, index % 2 === 0 ? 'active' : 'suspended', context);
      // Half of them want the same row, so each must see what those before it did.
      return commit(
        database(),
        key,
        [index % 2 === 0 ? setPrice('HOT', index + 1) : product(`P${index}`)],
        context,
      );
    });
    await Promise.all(work);
    const messages = await messagesOf(database(), key);
    const { version, digest, content } = await snapshotOf(database(), key);
    expect(messages.map((message) => message.version)).toEqual(
      Array.from({ length: version }, (_, index) => index + 1),
    );
    expect(messages.at(-1)?.digest).toBe(digest);
    expect(digestOf(content)).toBe(digest);
  });

  test('[P4] every message’s digest is that of the content at its version', async () => {
    const key = await newLicense(database());
    const work = Array.from({ length: 30 }, (_, index) =>
      commit(database(), key, [product(`P${index % 7}`, index)], context),
    );
    await Promise.all(work);
    const content: Content = new Map();
    for (const message of await messagesOf(database(), key)) {
      if (message.type !== 'product_update') throw new Error(`${message.type} was not expected`);
      content.set(`product ${message.payload.id}`, JSON.stringify(message.payload));
      expect(digestOf(content)).toBe(message.digest);
    }
  });

  test('[S3] what is read while commits go on fits the digest it carries', async () => {
    const key = await newLicense(database());
    await commit(database(), key, [product('P0')], context);
    const { epoch } = await readHead(database(), key);
    let going = true;
    const reading = (async (): Promise<number> => {
      let reads = 0;
      while (going) {
        const { content, digest } = await snapshotOf(database(), key);
        expect(digestOf(content)).toBe(digest);
        const copy: Content = new Map();
        const last = await applyWholeDelta(database(), key, { epoch, since: 0, limit: 5 }, copy);
        expect(digestOf(copy)).toBe(last.digest);
        reads += 1;
      }
      return reads;
    })();
    for (let index = 0; index < 40; index += 1) {
      await commit(database(), key, [product(`P${index % 9}`, index), product(`Q${index}`)], context);
    }
    going = false;
    expect(await reading).toBeGreaterThan(0);
  });
}
