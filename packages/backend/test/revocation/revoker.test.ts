import { randomUUID } from 'node:crypto';
import { silentLogger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { freshDatabase } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { setLicenseStatus } from '../../src/licenses/set-license-status.ts';
import type { BrokerGate } from '../../src/revocation/broker-gate.ts';
import { Revoker } from '../../src/revocation/revoker.ts';
import { context, newLicense, open } from '../contract/fixture.ts';
import { asOwner } from '../database/as-owner.ts';

/** A license with one terminal whose token is good for an hour, suspended. */
async function suspendedLicense(database: Database): Promise<string> {
  const key = await newLicense(database);
  const { id } = await getLicense(database, key);
  const terminalId = randomUUID();
  await asOwner(
    database,
    `INSERT INTO terminals (license_id, terminal_id, token_expires_at)
    VALUES (${id}, '${terminalId}', now() + interval '1 hour')`,
  );
  await setLicenseStatus(database, key, 'suspended', context);
  return terminalId;
}

// The clock never lets a pause end: what comes at all comes without one.
test('[B20] licenses whose connections cannot be closed keep no other waiting', async () => {
  await using fresh = await freshDatabase();
  await using database = await open({ url: fresh.url });
  const failing = new Set<string>();
  for (let each = 0; each < 6; each += 1) failing.add(await suspendedLicense(database));
  const tried = new Set<string>();
  const closed = Promise.withResolvers<string>();
  const gate: BrokerGate = {
    block: async () => undefined,
    unblock: async () => undefined,
    close: async (terminalId) => {
      if (!failing.has(terminalId)) return closed.resolve(terminalId);
      tried.add(terminalId);
      throw new TillcastError('broker_unavailable', 'This one cannot be closed.');
    },
  };
  await using revoker = new Revoker({
    database,
    gate,
    logger: silentLogger,
    observer: { revoked: () => undefined, revocationFailed: () => undefined },
    now: () => new Date(),
    clock: {
      now: () => 0,
      sleep: (_durationMs, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    },
    random: () => 0.99,
  });
  await revoker.start();
  await expect.poll(() => tried.size, { timeout: 30_000 }).toBe(failing.size);

  const other = await suspendedLicense(database);

  expect(await closed.promise).toBe(other);
});
