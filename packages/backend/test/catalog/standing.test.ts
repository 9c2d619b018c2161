import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { refusalOf, standingOf } from '../../src/licenses/standing.ts';

const key = parseLicenseKey('EXTRO-1MTR-ABC123');
const end = new Date('2026-02-28T10:00:00.000Z');

test('[S2] a license is valid until its end, and not from that moment on', () => {
  const license = { key, status: 'active', validUntil: end } as const;
  expect(standingOf(license, new Date(end.getTime() - 1))).toMatchObject({
    valid: true,
    code: 'license_active',
  });
  expect(standingOf(license, end)).toMatchObject({ valid: false, code: 'license_expired' });
  expect(standingOf({ ...license, validUntil: null }, end).valid).toBe(true);
});

test('[S2] a suspended license says so even when it has expired', () => {
  const standing = standingOf({ key, status: 'suspended', validUntil: end }, end);
  expect(standing).toMatchObject({ valid: false, code: 'license_suspended' });
  expect(refusalOf(standing)).toMatchObject({ code: 'license_suspended', status: 403 });
});

test('a valid license is not refused', () => {
  expect(refusalOf(standingOf({ key, status: 'active', validUntil: null }, end))).toBe(null);
});
