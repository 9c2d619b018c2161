import { randomUUID } from 'node:crypto';
import { silentLogger } from '@tillcast/broker';
import type { StatusReport } from '@tillcast/protocol/http/status-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import type { Database } from '../../src/database/database.ts';
import { integerColumn, statement } from '../../src/database/statement.ts';
import { DeliveryLedger } from '../../src/fleet/delivery-ledger.ts';
import { readCommittedVersions } from '../../src/fleet/delivery-statements.ts';
import { changeDelivery, fleetBehind, fleetStatus } from '../../src/fleet/fleet-answers.ts';
import { type ReceivedReport, writeReports } from '../../src/fleet/report-statements.ts';
import { ReportWriter } from '../../src/fleet/report-writer.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import type { LicenseState } from '../../src/licenses/license.ts';
import { asOwner } from '../database/as-owner.ts';
import { context, newLicense, product, setPrice } from './fixture.ts';

/** A license with so many changes. */
async function licenseAt(database: Database, version: number): Promise<LicenseState> {
  const key = await newLicense(database);
  await commit(database, key, [product('P')], context);
  for (let price = 2; price <= version; price += 1) {
    await commit(database, key, [setPrice('P', price)], context);
  }
  return getLicense(database, key);
}

function reportOf(
  { id, epoch, digest }: LicenseState,
  terminalId: string,
  version: number,
  at: Date = new Date(),
  more: Partial<StatusReport> = {},
): ReceivedReport {
  const cursor = version === 0 ? null : { epoch, version, digest };
  const report = { cursor, unsent_sales: 0, clock: at.toISOString(), ...more };
  return { licenseId: id, terminalId, isProven: false, at, report };
}

function openLedger(database: Database): { ledger: DeliveryLedger; told: string[] } {
  const told: string[] = [];
  const ledger = new DeliveryLedger({ database, logger: silentLogger, onApplied: (way) => told.push(way) });
  return { ledger, told };
}

export function fleetContract(database: () => Database): void {
  test('[J1] reports of many terminals are written by one statement, each terminal’s last one counting', async () => {
    const [one, other] = [await licenseAt(database(), 2), await licenseAt(database(), 1)];
    const batches: number[] = [];
    const writer = new ReportWriter(database(), (reports) => batches.push(reports));
    const tills = Array.from({ length: 40 }, () => randomUUID());
    const [first = '', , third = ''] = tills;
    const all = [
      ...tills.map((id, index) => reportOf(index % 2 === 0 ? one : other, id, 1)),
      reportOf(one, third, 2),
    ];
    const before = await Promise.all(all.map((each) => writer.write(each)));
    // The first goes out at once; those that came meanwhile go together, and the same terminal's second after it.
    expect(batches.reduce((sum, size) => sum + size, 0)).toBe(41);
    expect(batches.length).toBeLessThanOrEqual(3);
    expect(before[0]).toMatchObject({ licenseId: one.id, terminalId: first, version: null });
    expect(before.at(-1)).toMatchObject({ terminalId: third, version: 1 });
    const counts = await fleetStatus(database(), new Date(), one.key);
    expect(counts).toMatchObject({ terminals: 20, current: 1, behind: 19, differs: 0, silent: 0 });
  });

  test('[J1] a report that the database refuses is refused alone', async () => {
    const license = await licenseAt(database(), 1);
    const writer = new ReportWriter(database(), () => undefined);
    const good = Array.from({ length: 5 }, () => reportOf(license, randomUUID(), 1));
    const bad = { ...reportOf(license, randomUUID(), 1), licenseId: 2_000_000_000 };
    const outcomes = await Promise.allSettled(
      [good[0], bad, ...good.slice(1)].map(async (each) => (each === undefined ? null : writer.write(each))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      ...good.slice(1).map(() => 'fulfilled'),
    ]);
    expect(await fleetStatus(database(), new Date(), license.key)).toMatchObject({ current: 5 });
  });

  test('[G8] what an activated terminal says counts only where it has proven who it is', async () => {
    const license = await licenseAt(database(), 2);
    const activated = randomUUID();
    await asOwner(
      database(),
      `INSERT INTO terminals (license_id, terminal_id, name, public_key, activated_at)
        VALUES (${license.id}, '${activated}', 'Counter', 'key of ${activated}', now())`,
    );
    const said = reportOf(license, activated, 2);
    expect(await writeReports(database(), [said])).toEqual([]);
    expect(await fleetStatus(database(), new Date(), license.key)).toMatchObject({ terminals: 1, silent: 1 });
    expect(await writeReports(database(), [{ ...said, isProven: true }])).toHaveLength(1);
    expect(await fleetStatus(database(), new Date(), license.key)).toMatchObject({ current: 1, silent: 0 });
  });

  test('[J2] each till counts once: current, behind, different or silent, and the worst come first', async () => {
    const license = await licenseAt(database(), 3);
    const at = new Date();
    const ids = Array.from({ length: 6 }, () => randomUUID());
    const [current = '', behind = '', nothing = '', differs = '', silent = '', foreign = ''] = ids;
    const long = new Date(at.getTime() - 36_000);
    const strange = reportOf(license, differs, 3, at);
    const cursor = { epoch: license.epoch, version: 3, digest: 'f'.repeat(16) };
    await writeReports(database(), [
      reportOf(license, current, 3, at),
      reportOf(license, behind, 1, at),
      reportOf(license, nothing, 0, at),
      { ...strange, report: { ...strange.report, cursor } },
      reportOf(license, silent, 3, long),
      reportOf({ ...license, epoch: 'anotherhistory' }, foreign, 9, at),
    ]);
    const counts = { terminals: 6, current: 1, behind: 3, differs: 1, silent: 1, cloned: 0 };
    const status = await fleetStatus(database(), at, license.key);
    expect(status).toMatchObject(counts);
    expect(status.licenses).toEqual([{ license_key: license.key, version: 3, ...counts }]);
    const { total, terminals } = await fleetBehind(database(), at, { license: license.key, limit: 10 });
    expect(total).toBe(5);
    expect(terminals.map(({ standing, behind: by }) => [standing, by])).toEqual([
      ['differs', 0],
      ['behind', null],
      ['behind', null],
      ['behind', 2],
      ['silent', 0],
    ]);
    expect((await fleetBehind(database(), at, { license: license.key, limit: 2 })).terminals).toHaveLength(2);
  });

  test('[J3] who has a change is told by what the tills hold; how long it took, by what they reported', async () => {
    const license = await licenseAt(database(), 5);
    const { ledger, told } = openLedger(database());
    const at = new Date();
    const { id: licenseId, epoch, key } = license;
    const take = (after: number, upTo: number, more: Partial<StatusReport>): void =>
      ledger.take({
        licenseId,
        epoch,
        after,
        upTo,
        applied: more.applied ?? [],
        caughtUp: more.caught_up ?? [],
        at,
      });
    await writeReports(database(), [
      reportOf(license, randomUUID(), 5, at),
      reportOf(license, randomUUID(), 4, at),
      reportOf(license, randomUUID(), 2, at),
    ]);
    take(2, 4, {
      applied: [
        [3, 10],
        [4, 20],
      ],
    });
    // Said once more, because the answer was lost; beyond what it holds; of a version that was never committed.
    take(4, 4, {
      applied: [
        [3, 10],
        [4, 20],
      ],
    });
    take(4, 5, { applied: [[9, 5]] });
    take(3, 99, { applied: [[77, 5]] });
    await ledger.flush();
    take(2, 4, { applied: [[4, 3_000]] });
    await ledger.flush();
    const four = await changeDelivery(database(), at, key, 4);
    expect(four).toMatchObject({ version: 4, type: 'price_update', terminals: 3, have_it: 2 });
    expect(four.pending.map(({ version, behind }) => [version, behind])).toEqual([[2, 3]]);
    expect(four.delivery).toMatchObject({ applied: 2, last_ms: 3_000 });
    expect(Math.abs((four.delivery?.p50_ms ?? 0) - 20)).toBeLessThan(2);
    expect(await changeDelivery(database(), at, key, 5)).toMatchObject({ have_it: 1, delivery: null });
    await expect(changeDelivery(database(), at, key, 77)).rejects.toMatchObject({ code: 'change_not_found' });
    expect(told).toEqual(['message', 'message', 'message']);
  });

  test('[J3] what came by a delta is measured from its commit by the server’s clock', async () => {
    const license = await licenseAt(database(), 4);
    const { ledger, told } = openLedger(database());
    const { id: licenseId, epoch, key } = license;
    const [first] = await readCommittedVersions(database(), [{ licenseId, lowest: 2, highest: 2 }]);
    const committedMs = first?.committedAt.getTime() ?? 0;
    const at = new Date(committedMs + 60_000);
    const caughtUp = [{ first: 1, last: 4, age_ms: 20_000 }];
    ledger.take({ licenseId, epoch, after: 1, upTo: 3, applied: [], caughtUp, at });
    await ledger.stop();
    expect(told).toEqual(['sync', 'sync']);
    expect((await changeDelivery(database(), at, key, 2)).delivery).toMatchObject({
      applied: 1,
      last_ms: 40_000,
    });
    expect((await changeDelivery(database(), at, key, 1)).delivery).toBeNull();
    expect((await changeDelivery(database(), at, key, 4)).delivery).toBeNull();
    expect(await fleetStatus(database(), at, key)).toMatchObject({ delivery: { changes: 2, applied: 2 } });
  });

  test('[J4] the ledger keeps a license’s newest 1,000 versions, and only of the history that there is', async () => {
    const license = await licenseAt(database(), 1);
    const { id, epoch, key } = license;
    await asOwner(
      database(),
      `INSERT INTO changes (license_id, version, id, type, digest, message, committed_at)
        SELECT ${id}, v, gen_random_uuid(), 'price_update', '0000000000000000', '', now() FROM generate_series(2, 1500) v;
      UPDATE catalogs SET version = 1500 WHERE license_id = ${id};
      INSERT INTO deliveries SELECT ${id}, 'anotherhistory', v, now(), 1, '{1}', now() FROM generate_series(1, 9) v;
      INSERT INTO deliveries SELECT ${id}, '${epoch}', v, now(), 1, '{1}', now() FROM generate_series(1, 700) v`,
    );
    const { ledger } = openLedger(database());
    const caughtUp = [{ first: 1, last: 1_500, age_ms: 0 }];
    ledger.take({ licenseId: id, epoch, after: 0, upTo: 1_500, applied: [[2, 5]], caughtUp, at: new Date() });
    await ledger.flush();
    const rows = statement<{ rows: number; lowest: number }>(
      'test_ledger_rows',
      'SELECT count(*)::integer AS rows, min(version) AS lowest FROM deliveries WHERE license_id = $1',
      { rows: integerColumn, lowest: integerColumn },
    );
    expect(await database().query(rows, [id])).toEqual([{ rows: 1_000, lowest: 501 }]);
    expect((await changeDelivery(database(), new Date(), key, 600)).delivery).toMatchObject({ applied: 2 });
  });

  test('[J2] licenses that are suspended do not count, nor terminals that are revoked or long gone', async () => {
    const license = await licenseAt(database(), 1);
    const at = new Date();
    await writeReports(database(), [
      reportOf(license, randomUUID(), 1, at),
      reportOf(license, randomUUID(), 1, new Date(at.getTime() - 90_000_000)),
    ]);
    const all = async (key: LicenseKey | null): Promise<number> =>
      (await fleetStatus(database(), at, key)).terminals;
    expect(await all(license.key)).toBe(1);
    const before = await all(null);
    await asOwner(database(), `UPDATE licenses SET status = 'suspended' WHERE id = ${license.id}`);
    expect(await all(null)).toBe(before - 1);
    expect(await all(license.key)).toBe(1);
  });
}
