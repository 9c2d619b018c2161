import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import type { LicenseState } from '../../src/licenses/license.ts';
import { LicenseGate } from '../../src/sync-api/license-gate.ts';

const KEY = parseLicenseKey('EXTRO-LIFE-ABC123');

function license(status: 'active' | 'suspended'): LicenseState {
  return {
    id: 1,
    key: KEY,
    name: 'Corner Shop',
    term: 'LIFE',
    status,
    validUntil: null,
    createdAt: new Date(0),
    epoch: 'abcdefgh',
    version: 1,
    digest: '0000000000000000',
    publishedVersion: 1,
    items: 0,
    terminalsMax: 10,
    terminalsActive: 0,
    revokedTerminals: [],
  };
}

/** A gate whose reads of the database end when told to. */
function gateWithReads(): {
  readonly gate: LicenseGate;
  readonly reads: PromiseWithResolvers<LicenseState | null>[];
} {
  const reads: PromiseWithResolvers<LicenseState | null>[] = [];
  const find = (): Promise<LicenseState | null> => {
    const read = Promise.withResolvers<LicenseState | null>();
    reads.push(read);
    return read.promise;
  };
  return { gate: new LicenseGate({ find, tokens, auth: 'license-key', now: () => new Date(0) }), reads };
}

const tokens = { verify: () => Promise.reject(new Error('There are no tokens here.')) };

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('who comes while a read is under way waits for the next one, which all who came share', async () => {
  const { gate, reads } = gateWithReads();
  const first = gate.admit({ licenseKey: KEY });
  const later = Array.from({ length: 100 }, () => gate.admit({ licenseKey: KEY }));
  expect(reads).toHaveLength(1);
  reads[0]?.resolve(license('active'));
  await first;
  await turn();
  expect(reads).toHaveLength(2);
  reads[1]?.resolve(license('active'));
  await expect(Promise.all(later)).resolves.toHaveLength(100);
});

test('[S2] a read that began before the suspension admits nobody who came after it', async () => {
  const { gate, reads } = gateWithReads();
  const before = gate.admit({ licenseKey: KEY });
  // The read saw the license as active; then it is suspended; then another till asks.
  const after = gate.admit({ licenseKey: KEY });
  reads[0]?.resolve(license('active'));
  await expect(before).resolves.toMatchObject({ license: { status: 'active' } });
  await turn();
  reads[1]?.resolve(license('suspended'));
  await expect(after).rejects.toMatchObject({ code: 'license_suspended' });
});

test('a failed read fails those who waited for it, and the next ones are read again', async () => {
  const { gate, reads } = gateWithReads();
  const first = gate.admit({ licenseKey: KEY });
  const second = gate.admit({ licenseKey: KEY });
  reads[0]?.reject(new Error('away'));
  await expect(first).rejects.toThrow('away');
  await turn();
  reads[1]?.resolve(license('active'));
  await expect(second).resolves.toMatchObject({ license: { id: 1 } });
  await turn();
  const third = gate.admit({ licenseKey: KEY });
  expect(reads).toHaveLength(3);
  reads[2]?.resolve(null);
  await expect(third).rejects.toMatchObject({ code: 'license_unknown' });
});
