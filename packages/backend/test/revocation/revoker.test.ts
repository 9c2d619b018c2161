import { randomUUID } from 'node:crypto';
import { silentLogger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { freshDatabase } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { setLicenseStatus } from '../../src/licenses/set-license-status.ts';
import type { BrokerGate } from '../../src/revocation/broker-gate.ts';
import { Reaper } from '../../src/revocation/reaper.ts';
import { Revoker } from '../../src/revocation/revoker.ts';
import { context, newLicense, open } from '../contract/fixture.ts';
import { asOwner } from '../database/as-owner.ts';

/** A license with terminals whose tokens are good for an hour, suspended. */
async function suspendedTerminals(database: Database, count: number): Promise<readonly string[]> {
  const key = await newLicense(database);
  const { id } = await getLicense(database, key);
  const terminalIds = Array.from({ length: count }, () => randomUUID());
  await asOwner(
    database,
    `INSERT INTO terminals (license_id, terminal_id, token_expires_at)
    VALUES ${terminalIds.map((each) => `(${id}, '${each}', now() + interval '1 hour')`).join(', ')}`,
  );
  await setLicenseStatus(database, key, 'suspended', context);
  return terminalIds;
}

async function suspendedLicense(database: Database): Promise<string> {
  const [terminalId] = await suspendedTerminals(database, 1);
  if (terminalId === undefined) throw new Error('There is a terminal.');
  return terminalId;
}

/** A license whose one terminal was revoked, blocked and closed, and has no token left; by its id. */
async function oldBlock(database: Database): Promise<{ licenseId: number; terminalId: string }> {
  const { id } = await getLicense(database, await newLicense(database));
  const terminalId = randomUUID();
  await asOwner(
    database,
    `INSERT INTO terminals (license_id, terminal_id, token_expires_at, revoked_at, blocked_until, closed_at)
    VALUES (${id}, '${terminalId}', now() - interval '2 hours', now() - interval '3 hours',
      now() - interval '1 hour', now() - interval '1 hour')`,
  );
  return { licenseId: id, terminalId };
}

function revokerOn(database: Database, gate: Partial<BrokerGate>): Revoker {
  const idle = async (): Promise<void> => undefined;
  return new Revoker({
    database,
    gate: { block: idle, limit: idle, forget: idle, close: idle, ...gate },
    logger: silentLogger,
    observer: { revoked: () => undefined, revocationFailed: () => undefined },
    now: () => new Date(),
  });
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
    limit: async () => undefined,
    forget: async () => undefined,
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

test('[B20] licenses whose closings are not answered keep no other waiting', async () => {
  await using fresh = await freshDatabase();
  await using database = await open({ url: fresh.url });
  const hanging = new Set<string>();
  for (let each = 0; each < 6; each += 1) hanging.add(await suspendedLicense(database));
  const answered = Promise.withResolvers<void>();
  const tried = new Set<string>();
  const closed = Promise.withResolvers<string>();
  await using revoker = revokerOn(database, {
    close: async (terminalId) => {
      tried.add(terminalId);
      if (!hanging.has(terminalId)) return closed.resolve(terminalId);
      await answered.promise;
    },
  });
  try {
    await revoker.start();
    await expect.poll(() => tried.size, { timeout: 30_000 }).toBe(hanging.size);
    const other = await suspendedLicense(database);
    expect(await closed.promise).toBe(other);
  } finally {
    answered.resolve();
  }
});

test('[B20] a terminal whose connections cannot be closed keeps no other of its license from being blocked and closed', async () => {
  await using fresh = await freshDatabase();
  await using database = await open({ url: fresh.url });
  const terminals = await suspendedTerminals(database, 250);
  const blocked = new Set<string>();
  const closed = new Set<string>();
  const failing = new Set<string>();
  await using revoker = revokerOn(database, {
    block: async (ids) => ids.forEach((id) => void blocked.add(id)),
    close: async (terminalId) => {
      if (failing.size === 0) failing.add(terminalId);
      if (failing.has(terminalId))
        throw new TillcastError('broker_unavailable', 'This one cannot be closed.');
      closed.add(terminalId);
    },
  });
  await revoker.start();
  await expect.poll(() => closed.size, { timeout: 30_000 }).toBe(terminals.length - 1);
  expect(blocked).toEqual(new Set(terminals));
});

// Taken back beside the claim, a block that was made this moment would go with the old one.
test('[B22] a block that keeps nobody out any more is taken back by who has the license’s claim, and by nobody else', async () => {
  await using fresh = await freshDatabase();
  await using database = await open({ url: fresh.url });
  const [claimed, free] = [await oldBlock(database), await oldBlock(database)];
  await asOwner(
    database,
    `INSERT INTO revocation_claims (license_id, owner, claimed_until)
    VALUES (${claimed.licenseId}, '${randomUUID()}', now() + interval '1 hour')`,
  );
  const forgotten: string[] = [];
  const gate: BrokerGate = {
    block: async () => undefined,
    limit: async () => undefined,
    forget: async (ids) => void forgotten.push(...ids),
    close: async () => undefined,
  };
  await using reaper = new Reaper({
    database,
    gate,
    logger: silentLogger,
    onReaped: () => undefined,
    now: () => new Date(),
  });
  await reaper.reap();
  expect(forgotten).toEqual([]);
  await using revoker = revokerOn(database, gate);
  await revoker.start();
  await expect.poll(() => forgotten, { timeout: 30_000 }).toEqual([free.terminalId]);
  await asOwner(database, `DELETE FROM revocation_claims WHERE license_id = ${claimed.licenseId}`);
  revoker.wake();
  await expect.poll(() => forgotten, { timeout: 30_000 }).toEqual([free.terminalId, claimed.terminalId]);
});
