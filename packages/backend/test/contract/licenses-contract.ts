import { EMPTY_DIGEST } from '@tillcast/protocol/digest';
import { licenseSchema } from '@tillcast/protocol/http/admin-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { addApiKey } from '../../src/access/add-api-key.ts';
import { countApiKeys } from '../../src/access/count-api-keys.ts';
import { isApiKey } from '../../src/access/is-api-key.ts';
import type { Database } from '../../src/database/database.ts';
import { command } from '../../src/database/statement.ts';
import { createLicense, ensureLicense } from '../../src/licenses/create-license.ts';
import { findLicense } from '../../src/licenses/find-license.ts';
import { licenseAnswer } from '../../src/licenses/license.ts';
import { listLicenses } from '../../src/licenses/list-licenses.ts';
import { setLicenseStatus } from '../../src/licenses/set-license-status.ts';
import { messagesOf } from './change-log.ts';
import { context, newLicense } from './fixture.ts';

export function licensesContract(database: () => Database): void {
  test('a new license begins at version 0 of a history of its own', async () => {
    const key = parseLicenseKey('NEW-LIFE-1');
    const { license: made } = await createLicense(database(), { key, name: 'Café Nord' }, context);
    expect(made).toMatchObject({ key, name: 'Café Nord', term: 'LIFE', status: 'active', validUntil: null });
    expect(made).toMatchObject({ version: 0, digest: EMPTY_DIGEST, publishedVersion: 0, items: 0 });
    expect(await findLicense(database(), key)).toEqual(made);
    expect(licenseSchema.safeParse(licenseAnswer(made)).success).toBe(true);
    const other = await findLicense(database(), await newLicense(database()));
    expect(other?.epoch).not.toBe(made.epoch);
  });

  test('[L4] a license ends as its key says, unless told otherwise', async () => {
    const now = (): Date => new Date('2026-01-31T10:00:00.000Z');
    const month = parseLicenseKey('NEW-1MTR-1');
    const { license: made } = await createLicense(database(), { key: month }, { now });
    expect(made.validUntil?.toISOString()).toBe('2026-02-28T10:00:00.000Z');
    const endless = parseLicenseKey('NEW-1MTR-2');
    const { license: open } = await createLicense(database(), { key: endless, valid_until: null }, { now });
    expect(open.validUntil).toBe(null);
    const until = '2030-01-01T00:00:00.000Z';
    const { license: fixed } = await createLicense(
      database(),
      { key: parseLicenseKey('NEW-1MTR-3'), valid_until: until },
      { now },
    );
    expect(fixed.validUntil?.toISOString()).toBe(until);
  });

  test('a key is given out once', async () => {
    const key = await newLicense(database());
    await expect(createLicense(database(), { key }, context)).rejects.toMatchObject({
      code: 'license_exists',
    });
    const before = await findLicense(database(), key);
    expect(await ensureLicense(database(), key, context)).toEqual(before);
  });

  test('[L1] the database itself refuses a key that is none', async () => {
    const insert = command(
      'test_insert_license',
      "INSERT INTO licenses (key, name, term, created_at) VALUES ($1, 'x', 'OTHER', now())",
    );
    const bad = [
      'A.BCDEF',
      'ABC*DEF',
      'ABCDEF#',
      'abcdef',
      'ABC DEF',
      'ABCDEF\n',
      'A-B',
      '-ABCDEF',
      'AB--CDEF',
    ];
    for (const key of [...bad, 'A'.repeat(65), 'ABCDÉF', '']) {
      await expect(database().query(insert, [key]), key).rejects.toMatchObject({ code: '23514' });
    }
  });

  test('licenses are listed by key', async () => {
    const key = await newLicense(database());
    const keys = (await listLicenses(database())).map((license) => license.key);
    expect(keys).toContain(key);
    expect(keys).toEqual(keys.toSorted());
  });

  test('a license that is not there is not found', async () => {
    const key = parseLicenseKey('NOBODY-HAS-THIS');
    expect(await findLicense(database(), key)).toBe(null);
    await expect(setLicenseStatus(database(), key, 'suspended', context)).rejects.toMatchObject({
      code: 'license_not_found',
    });
  });

  test('[C5] suspending is a numbered change, and suspending again is none', async () => {
    const key = await newLicense(database());
    const suspended = await setLicenseStatus(database(), key, 'suspended', context);
    expect(suspended).toMatchObject({ status: 'suspended', version: 1, digest: EMPTY_DIGEST });
    expect(await setLicenseStatus(database(), key, 'suspended', context)).toEqual(suspended);
    expect(await setLicenseStatus(database(), key, 'active', context)).toMatchObject({ version: 2 });
    const messages = await messagesOf(database(), key);
    expect(messages.map(({ type, version, payload }) => ({ type, version, payload }))).toEqual([
      { type: 'license_update', version: 1, payload: { status: 'suspended', valid_until: null } },
      { type: 'license_update', version: 2, payload: { status: 'active', valid_until: null } },
    ]);
  });

  test('[A1] an API key is known by its hash alone', async () => {
    const before = await countApiKeys(database());
    await addApiKey(database(), 'a-long-random-key', 'test', context);
    await addApiKey(database(), 'a-long-random-key', 'the same again', context);
    expect(await countApiKeys(database())).toBe(before + 1);
    expect(await isApiKey(database(), 'a-long-random-key')).toBe(true);
    expect(await isApiKey(database(), 'a-long-random-keY')).toBe(false);
    await expect(
      database().execute("INSERT INTO api_keys VALUES ('a-long-random-key', 'plain', now())"),
    ).rejects.toMatchObject({ code: '23514' });
  });
}
