import { randomBytes, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyPurpose } from '@tillcast/protocol/http/admin-api';
import { parseSignature, signedText } from '@tillcast/protocol/messages/signature';
import { importJWK, jwtVerify } from 'jose';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { command, statement, textColumn } from '../../src/database/statement.ts';
import type { KeyRing } from '../../src/keys/key-ring.ts';
import { NEXT_KEY_MIN_AGE_MS, RETIRED_KEY_LIFE_MS, RETIRED_KEYS_MAX } from '../../src/keys/key-ring.ts';
import { unseal } from '../../src/keys/sealing.ts';
import { insertSigningKey, listSigningKeys } from '../../src/keys/signing-key-statements.ts';
import { ageKeys, openTestKeyRing } from '../keys/test-key-ring.ts';

const EMPTY = command('empty_signing_keys', 'DELETE FROM signing_keys');
const READ_AS_TEXT = statement<{ row: string; kid: string; purpose: string; sealed: string }>(
  'read_signing_keys_as_text',
  'SELECT k::text AS row, kid, purpose, sealed_private_jwk AS sealed FROM signing_keys k ORDER BY kid',
  { row: textColumn, kid: textColumn, purpose: textColumn, sealed: textColumn },
);
const HEAD = {
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
    let directory: string;

    beforeAll(async () => {
      fresh = await openFresh();
      database = fresh.database;
      directory = await mkdtemp(join(tmpdir(), 'tillcast-secret-'));
    });
    afterAll(async () => {
      await fresh.close();
      await rm(directory, { recursive: true, force: true });
    });
    beforeEach(() => database.query(EMPTY));

    test('[E1] backends that start at once make one current and one next key of each purpose', async () => {
      const secretKey = randomBytes(32);
      const eight = Array.from({ length: 8 });
      // With connections that are there already, they come in the same moment.
      await Promise.all(eight.map(() => database.query(READ_AS_TEXT)));
      const rings = await Promise.all(eight.map(() => openTestKeyRing(database, { secretKey })));
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

    test('[E1] published are the public halves of current and next keys, by their RFC 7638 thumbprints', async () => {
      await using ring = await openTestKeyRing(database);
      const kids = (purpose: KeyPurpose): string[] =>
        ring.keys.filter((key) => key.purpose === purpose).map(({ kid }) => kid);
      expect(ring.jwks.keys.map(({ kid }) => kid)).toEqual(kids('token'));
      expect(ring.messageKeys.map(({ kid }) => kid)).toEqual(kids('message'));
      expect(JSON.stringify([ring.jwks, ring.messageKeys])).not.toMatch(/"d":/);
      for (const { kid, ...jwk } of ring.messageKeys) {
        const key = await importJWK({ ...jwk }, 'EdDSA');
        expect(key).toBeDefined();
        expect(kid).toMatch(/^[A-Za-z0-9_-]{43}$/);
      }
    });

    test('[E3] what one backend signs is verified by the other, across a rotation that both hear of', async () => {
      const secretKey = randomBytes(32);
      await using one = await openTestKeyRing(database, { secretKey, nextKeyMinAgeMs: 0 });
      // It would hear of nothing by looking: only the notification tells it.
      await using other = await openTestKeyRing(database, { secretKey, reloadEveryMs: 3_600_000 });
      const tokens = [await one.signToken({ sub: 'till' })];
      const signatures = [one.sign(HEAD, 'body')];
      const [current, next] = other.messageKeys;
      await one.rotate('token');
      await one.rotate('message');
      await vi.waitFor(() => expect(other.keys).toEqual(one.keys));
      tokens.push(await one.signToken({ sub: 'till' }), await other.signToken({ sub: 'till' }));
      signatures.push(one.sign(HEAD, 'body'), other.sign(HEAD, 'body'));
      for (const token of tokens) await expect(verifiedBy(other, token)).resolves.toEqual({ sub: 'till' });
      for (const signature of signatures) await expectGood(other, signature);
      expect(signatures.map((text) => parseSignature(text)?.kid)).toEqual([
        current?.kid,
        next?.kid,
        next?.kid,
      ]);
      expect(other.keys.map(({ purpose, state }) => `${purpose} ${state}`)).toEqual([
        'message current',
        'message next',
        'message retired',
        'token current',
        'token next',
        'token retired',
      ]);
    });

    test('[E3] a backend that lags signs with the key before, which the others take', async () => {
      const secretKey = randomBytes(32);
      await using one = await openTestKeyRing(database, { secretKey, nextKeyMinAgeMs: 0 });
      const deaf: Database = Object.assign(Object.create(database) as Database, {
        query: database.query.bind(database),
        transaction: database.transaction.bind(database),
        listen: async () => async () => undefined,
      });
      await using lagging = await openTestKeyRing(deaf, { secretKey, reloadEveryMs: 3_600_000 });
      await one.rotate('token');
      await one.rotate('message');
      await expect(verifiedBy(one, await lagging.signToken({ sub: 'till' }))).resolves.toEqual({
        sub: 'till',
      });
      await expect(verifiedBy(lagging, await one.signToken({ sub: 'till' }))).resolves.toEqual({
        sub: 'till',
      });
      await expectGood(one, lagging.sign(HEAD, 'body'));
      await expectGood(lagging, one.sign(HEAD, 'body'));
      expect(lagging.sign(HEAD, 'body')).not.toBe(one.sign(HEAD, 'body'));
    });

    test('[E3] a backend that missed the notification finds the rotation by looking', async () => {
      const secretKey = randomBytes(32);
      await using one = await openTestKeyRing(database, { secretKey, nextKeyMinAgeMs: 0 });
      const deaf: Database = Object.assign(Object.create(database) as Database, {
        query: database.query.bind(database),
        transaction: database.transaction.bind(database),
        listen: async () => async () => undefined,
      });
      await using other = await openTestKeyRing(deaf, { secretKey, reloadEveryMs: 20 });
      await one.rotate('message');
      await vi.waitFor(() => expect(other.keys).toEqual(one.keys));
    });

    test('[E3] a rotation is refused while the next key is too young, and changes nothing', async () => {
      await using ring = await openTestKeyRing(database);
      const before = ring.keys;
      await ageKeys(database, NEXT_KEY_MIN_AGE_MS - 60_000);
      await expect(ring.rotate('token')).rejects.toMatchObject({
        code: 'rotation_too_soon',
        message: expect.stringMatching(/published only 6\d s ago.*Try again in [56]\d s/),
      });
      expect(ring.keys.map(({ kid, state }) => [kid, state])).toEqual(
        before.map(({ kid, state }) => [kid, state]),
      );
      await ageKeys(database, 60_000);
      // Of two that come at once, the second finds a next key that was just made.
      const results = await Promise.allSettled([ring.rotate('token'), ring.rotate('token')]);
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(ring.keys.filter(({ purpose }) => purpose === 'token')).toHaveLength(3);
    });

    test('[E4] a retired key verifies for its time, then it is deleted, and its token is nobody’s', async () => {
      const secretKey = randomBytes(32);
      let elapsedMs = 0;
      const monotonicMs = (): number => elapsedMs;
      await using ring = await openTestKeyRing(database, { secretKey, monotonicMs, nextKeyMinAgeMs: 0 });
      const token = await ring.signToken({ sub: 'till' });
      await ring.rotate('token');
      elapsedMs = RETIRED_KEY_LIFE_MS.token - 60_000;
      await expect(verifiedBy(ring, token)).resolves.toEqual({ sub: 'till' });
      elapsedMs = RETIRED_KEY_LIFE_MS.token + 60_000;
      await expect(verifiedBy(ring, token)).rejects.toThrow('no key');
      expect(ring.jwks.keys).toHaveLength(2);
      await ageKeys(database, RETIRED_KEY_LIFE_MS.token);
      await using again = await openTestKeyRing(database, { secretKey });
      await vi.waitFor(async () => expect(await database.query(READ_AS_TEXT)).toHaveLength(4));
      expect(again.keys).toHaveLength(4);
    });

    test('[E4] a backend whose clock has leapt ahead deletes no key and refuses none, nor does it rotate too soon', async () => {
      const secretKey = randomBytes(32);
      await using ring = await openTestKeyRing(database, { secretKey, nextKeyMinAgeMs: 0 });
      const token = await ring.signToken({ sub: 'till' });
      await ring.rotate('token');
      await ring.rotate('message');
      const now = (): Date => new Date(Date.now() + 30 * 86_400_000);
      await using leapt = await openTestKeyRing(database, { secretKey, now });
      expect(await database.query(READ_AS_TEXT)).toHaveLength(6);
      expect(leapt.keys).toEqual(ring.keys);
      await expect(verifiedBy(leapt, token)).resolves.toEqual({ sub: 'till' });
      await expect(leapt.rotate('token')).rejects.toMatchObject({ code: 'rotation_too_soon' });
    });

    test('[E4] no more keys are published than a till takes', async () => {
      await using ring = await openTestKeyRing(database, { nextKeyMinAgeMs: 0 });
      for (let count = 0; count < RETIRED_KEYS_MAX; count += 1) await ring.rotate('message');
      expect(ring.messageKeys).toHaveLength(16);
      await expect(ring.rotate('message')).rejects.toMatchObject({ code: 'rotation_too_soon' });
      expect(ring.messageKeys).toHaveLength(16);
    });

    test.each(['current', 'next', 'retired'] as const)(
      '[E16] what a %s key signed counts no more once it is revoked, at no backend, and there is one to sign and one to come',
      async (state) => {
        const secretKey = randomBytes(32);
        await using one = await openTestKeyRing(database, { secretKey, nextKeyMinAgeMs: 0 });
        await using other = await openTestKeyRing(database, { secretKey, reloadEveryMs: 3_600_000 });
        const before = await one.signToken({ sub: 'till' });
        await one.rotate('token');
        const token = state === 'retired' ? before : await one.signToken({ sub: 'till' });
        const keyOf = (ring: KeyRing): string =>
          ring.keys.find((key) => key.purpose === 'token' && key.state === state)?.kid ?? '';
        const kid = keyOf(one);
        await vi.waitFor(() => expect(keyOf(other)).toBe(kid));
        await expect(verifiedBy(other, token)).resolves.toEqual({ sub: 'till' });
        await expect(one.revoke(kid)).resolves.toBe('token');
        await vi.waitFor(() => expect(other.keys).toEqual(one.keys));
        for (const ring of [one, other]) {
          expect(ring.tokenKey(kid)).toBeNull();
          expect(JSON.stringify(ring.jwks)).not.toContain(kid);
          const states = ring.keys.filter(({ purpose }) => purpose === 'token').map((key) => key.state);
          expect(states).toEqual(state === 'retired' ? ['current', 'next'] : ['current', 'next', 'retired']);
          await expect(verifiedBy(ring, await one.signToken({ sub: 'till' }))).resolves.toEqual({
            sub: 'till',
          });
          const outcome = await verifiedBy(ring, token).then(
            () => 'good',
            (error: unknown) => String(error),
          );
          // What is next has signed nothing yet.
          expect(outcome).toMatch(state === 'next' ? 'good' : 'no key');
        }
        expect((await database.query(READ_AS_TEXT)).map((row) => row.kid)).not.toContain(kid);
        await expect(one.revoke(kid)).rejects.toMatchObject({ code: 'not_found' });
      },
    );

    test('[E2] nothing of a private key is in the database or in the log', async () => {
      const secretKey = randomBytes(32);
      const log: string[] = [];
      const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
      await using ring = await openTestKeyRing(database, { secretKey, logger, nextKeyMinAgeMs: 0 });
      await ring.rotate('token');
      await ring.rotate('message');
      const stored = await database.query(READ_AS_TEXT);
      expect(stored).toHaveLength(6);
      const said = JSON.stringify([stored.map(({ row }) => row), log]);
      for (const { kid, purpose, sealed } of stored) {
        const { d } = JSON.parse(unseal(secretKey, `${purpose} key ${kid}`, sealed)) as { d: string };
        expect(d.length).toBe(43);
        expect(said).not.toContain(d);
        expect(said).not.toContain(Buffer.from(d, 'base64url').toString('hex'));
      }
      expect(log.length).toBeGreaterThan(0);
      expect(said).not.toContain(secretKey.toString('base64url'));
    });

    test('[E2] another secret key opens nothing, and the error says what to do', async () => {
      await (await openTestKeyRing(database)).stop();
      await expect(openTestKeyRing(database)).rejects.toMatchObject({
        code: 'secret_unreadable',
        message: expect.stringContaining('TILLCAST_SECRET_KEY'),
      });
    });

    test('[E2] a sealed key is good for its own row alone', async () => {
      const secretKey = randomBytes(32);
      await (await openTestKeyRing(database, { secretKey })).stop();
      const keys = (await listSigningKeys(database)).filter(({ purpose }) => purpose === 'message');
      const [sealed = '', otherSealed = ''] = keys.map((key) => key.sealed);
      await database.query(EMPTY);
      for (const key of keys) {
        await insertSigningKey(database, { ...key, sealed: key.sealed === sealed ? otherSealed : sealed });
      }
      await expect(openTestKeyRing(database, { secretKey })).rejects.toMatchObject({
        code: 'secret_unreadable',
      });
    });

    test('[E2] where none is given, a secret key is made once, for its owner alone; when it is gone, no other is made', async () => {
      const dataDir = join(directory, engine.replaceAll(' ', '-'));
      const file = join(dataDir, 'secret-key');
      const kept = { secretKey: null, dataDir };
      const rings = await Promise.all([1, 2].map(() => openTestKeyRing(database, kept)));
      expect(rings[1]?.messageKeys).toEqual(rings[0]?.messageKeys);
      for (const ring of rings) await ring.stop();
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const text = await readFile(file, 'utf8');
      await writeFile(file, 'something else\n');
      await expect(openTestKeyRing(database, kept)).rejects.toMatchObject({ code: 'secret_unreadable' });
      await unlink(file);
      await expect(openTestKeyRing(database, kept)).rejects.toMatchObject({
        code: 'secret_unreadable',
        message: expect.stringContaining(file),
      });
      await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
      await writeFile(file, text);
      await (await openTestKeyRing(database, kept)).stop();
    });
  });
}

async function verifiedBy(ring: KeyRing, token: string): Promise<unknown> {
  const { payload, protectedHeader } = await jwtVerify(token, ({ kid }) => {
    const key = ring.tokenKey(kid ?? '');
    if (key === null) throw new Error('no key');
    return key;
  });
  expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
  return payload;
}

async function expectGood(ring: KeyRing, text: string): Promise<void> {
  const signature = parseSignature(text);
  const published = ring.messageKeys.find(({ kid }) => kid === signature?.kid);
  if (signature === null || published === undefined) throw new Error(`Nobody published the key of ${text}.`);
  const { kid: _kid, ...jwk } = published;
  const bodyDigest = '230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5';
  const good = verify(
    null,
    Buffer.from(signedText(HEAD, bodyDigest)),
    { key: jwk, format: 'jwk' },
    Buffer.from(signature.signature, 'base64url'),
  );
  expect(good).toBe(true);
}
