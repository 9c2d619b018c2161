import { randomBytes } from 'node:crypto';
import { jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { command } from '../../src/database/statement.ts';
import { openTestKeyRing } from './test-key-ring.ts';

const EMPTY = command('empty_signing_keys', 'DELETE FROM signing_keys');
const head = {
  license_key: 'EXTRO-LIFE-ABC123',
  at: { epoch: 'epoch00001', version: 1, digest: '0'.repeat(16) },
};

/** What a key ring promises on either engine. */
export function keyRingContract(
  engine: string,
  openFresh: () => Promise<{ readonly database: Database; readonly close: () => Promise<void> }>,
): void {
  describe(`the key ring on ${engine}`, () => {
    let fresh: Awaited<ReturnType<typeof openFresh>>;
    let database: Database;

    beforeAll(async () => {
      fresh = await openFresh();
      database = fresh.database;
    });
    afterAll(() => fresh.close());
    beforeEach(() => database.query(EMPTY));

    test('[E1] backends that start at once make one current and one next key of each purpose', async () => {
      const secretKey = randomBytes(32);
      const rings = await Promise.all([1, 2, 3].map(() => openTestKeyRing(database, { secretKey })));
      const [first] = rings;
      expect(first?.keys.map(({ purpose, state }) => `${purpose} ${state}`)).toEqual([
        'message current',
        'message next',
        'token current',
        'token next',
      ]);
      for (const ring of rings) {
        expect(ring.keys).toEqual(first?.keys);
        await ring.stop();
      }
    });

    test('[E3] a token that one backend signs is verified by the other, across a rotation that both hear', async () => {
      const secretKey = randomBytes(32);
      await using one = await openTestKeyRing(database, { secretKey, nextKeyMinAgeMs: 0 });
      await using other = await openTestKeyRing(database, { secretKey });
      const before = await one.signToken({ sub: 'till' });
      const signatureBefore = one.sign(head, 'body');
      await one.rotate('token');
      await one.rotate('message');
      await vi.waitFor(() => expect(other.keys).toEqual(one.keys));
      for (const token of [before, await one.signToken({ sub: 'till' })]) {
        const { payload } = await jwtVerify(
          token,
          ({ kid }) => other.tokenKey(kid ?? '') ?? new Uint8Array(),
        );
        expect(payload).toEqual({ sub: 'till' });
      }
      expect(other.sign(head, 'body')).toBe(one.sign(head, 'body'));
      expect(other.sign(head, 'body')).not.toBe(signatureBefore);
    });
  });
}
