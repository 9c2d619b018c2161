import { silentLogger } from '@tillcast/broker';
import type { StatusReport } from '@tillcast/protocol/http/status-api';
import { freshDatabase } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { integerColumn, statement } from '../../src/database/statement.ts';
import { DeliveryLedger } from '../../src/fleet/delivery-ledger.ts';
import { changeDelivery, fleetBehind, fleetStatus } from '../../src/fleet/fleet-answers.ts';
import { ReportWriter } from '../../src/fleet/report-writer.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { newLicense, open } from '../contract/fixture.ts';
import { asOwner } from '../database/as-owner.ts';

const TILLS = 10_000;
const VERSIONS = 1_000;
/** Each till tells its thousand versions in so many reports. */
const ROUNDS = 4;

const IDS = `('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
const idOf = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

test('[J4] 10,000 tills that each tell of 1,000 changes take 1,000 rows', async () => {
  const fresh = await freshDatabase();
  const database = await open({ url: fresh.url });
  try {
    const { id: licenseId, epoch, key } = await getLicense(database, await newLicense(database));
    await asOwner(
      database,
      `UPDATE licenses SET terminals_max = ${TILLS} WHERE id = ${licenseId};
      UPDATE catalogs SET version = ${VERSIONS} WHERE license_id = ${licenseId};
      INSERT INTO changes (license_id, version, id, type, digest, message, committed_at)
        SELECT ${licenseId}, v, gen_random_uuid(), 'price_update', '0000000000000000', '', now() FROM generate_series(1, ${VERSIONS}) v;
      INSERT INTO terminals (license_id, terminal_id, public_key, activated_at, name)
        SELECT ${licenseId}, ${IDS}, 'key ' || n, now(), 'Till ' || n FROM generate_series(1, ${TILLS}) n;
      ANALYZE`,
    );
    const batches: number[] = [];
    const writer = new ReportWriter(database, (reports) => batches.push(reports));
    let applies = 0;
    const ledger = new DeliveryLedger({ database, logger: silentLogger, onApplied: () => (applies += 1) });
    const at = new Date();
    const share = VERSIONS / ROUNDS;
    const report = async (n: number, round: number): Promise<void> => {
      const upTo = (round + 1) * share;
      const cursor = { epoch, version: upTo, digest: '0'.repeat(16) };
      const applied: [number, number][] = [];
      // The last till takes a minute for each.
      const latencyMs = n === TILLS ? 60_000 : 5 + (n % 40);
      for (let version = upTo - share + 1; version <= upTo; version += 1) applied.push([version, latencyMs]);
      const said: StatusReport = { cursor, unsent_sales: 0, clock: at.toISOString() };
      const before = await writer.write({ licenseId, terminalId: idOf(n), isProven: true, at, report: said });
      const after = before?.epoch === epoch ? (before.version ?? 0) : 0;
      ledger.take({ licenseId, epoch, after, upTo, applied, caughtUp: [], at });
    };
    const startedMs = performance.now();
    for (let round = 0; round < ROUNDS; round += 1) {
      // As many at once as come within a second of ten thousand tills.
      for (let first = 1; first <= TILLS; first += 1_000) {
        await Promise.all(Array.from({ length: 1_000 }, (_, index) => report(first + index, round)));
        await ledger.flush();
      }
    }
    const tookMs = performance.now() - startedMs;

    const sizes = statement<{ rows: number; bytes: number }>(
      'test_ledger_size',
      `SELECT count(*)::integer AS rows, sum(pg_column_size(d.*))::integer AS bytes FROM deliveries d`,
      { rows: integerColumn, bytes: integerColumn },
    );
    const [size] = await database.query(sizes);
    expect(size?.rows).toBe(VERSIONS);
    expect(size?.bytes).toBeLessThan(VERSIONS * 1_000);
    expect(applies).toBe(TILLS * VERSIONS);
    expect(batches.length).toBeLessThanOrEqual(2 * ROUNDS * (TILLS / 1_000));

    const askedMs = performance.now();
    expect(await changeDelivery(database, at, key, 500)).toMatchObject({
      terminals: TILLS,
      have_it: TILLS,
      pending: [],
      delivery: { applied: TILLS, last_ms: 60_000 },
    });
    const status = await fleetStatus(database, at, key);
    expect(status).toMatchObject({ terminals: TILLS, current: TILLS });
    expect(status.delivery).toMatchObject({ changes: VERSIONS, applied: TILLS * VERSIONS, last_ms: 60_000 });
    expect(status.delivery?.p99_ms).toBeLessThan(50);
    expect((await fleetBehind(database, at, { license: null, limit: 100 })).total).toBe(0);
    console.info(
      `${batches.length} statements for ${TILLS * ROUNDS} reports, ${size?.bytes} bytes for ${applies} applies, ${Math.round(tookMs)} ms; asked in ${Math.round(performance.now() - askedMs)} ms`,
    );
  } finally {
    await database.close();
    await fresh.drop();
  }
});
