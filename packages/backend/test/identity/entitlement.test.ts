import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { entitlementOf } from '../../src/identity/entitlement.ts';

const HOUR_MS = 3_600_000;
const NOW = new Date('2026-11-23T14:00:00.000Z');
const ago = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR_MS);

const terminal = {
  terminalId: '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10',
  revokedAt: null,
  key: parseLicenseKey('EXTRO-LIFE-ABC123'),
  status: 'active',
  validUntil: null,
  endedAt: null,
} as const;

const at = { now: NOW, salesGraceH: 72 };

test.each([
  ['that is revoked', { revokedAt: ago(1) }, 'terminal_revoked', ago(1)],
  ['whose license is suspended', { status: 'suspended', endedAt: ago(2) }, 'license_suspended', ago(2)],
  ['whose license is revoked', { status: 'revoked', endedAt: ago(3) }, 'license_revoked', ago(3)],
  ['whose license has expired', { validUntil: ago(4) }, 'license_expired', ago(4)],
  [
    'that ended more than once, from the first end on',
    { revokedAt: ago(1), status: 'suspended', endedAt: ago(5), validUntil: ago(2) },
    'terminal_revoked',
    ago(5),
  ],
] as const)('[G9] a terminal %s has sales left to hand in, and nothing else', (_what, more, code, end) => {
  const ended = { ...terminal, ...more };
  expect(entitlementOf(ended, 'everything', at)).toMatchObject({ refusal: { code } });
  const until = new Date(end.getTime() + 72 * HOUR_MS);
  expect(entitlementOf(ended, 'sales', at)).toEqual({ until });
  expect(entitlementOf(ended, 'sales', { ...at, now: new Date(until.getTime() - 1) })).toEqual({ until });
  expect(entitlementOf(ended, 'sales', { ...at, now: until })).toMatchObject({ refusal: { code } });
  expect(entitlementOf(ended, 'sales', { now: NOW, salesGraceH: 0 })).toMatchObject({ refusal: { code } });
});

test('[G9] a terminal in good standing may have everything, until its license ends', () => {
  expect(entitlementOf(terminal, 'everything', at)).toEqual({ until: null });
  const validUntil = new Date(NOW.getTime() + 1);
  expect(entitlementOf({ ...terminal, validUntil }, 'everything', at)).toEqual({ until: validUntil });
  expect(entitlementOf({ ...terminal, validUntil }, 'sales', at)).toEqual({ until: validUntil });
});
