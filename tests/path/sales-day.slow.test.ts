import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFetch, silentLogger } from '@tillcast/broker';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { activateHostedTill, type HostedTill, openHostedTill } from '@tillcast/terminal';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openSource } from '../../packages/cli/src/import/source-file.ts';
import { type RecordedSale, readRecordedSales } from '../../packages/cli/src/simulate/recorded-sales.ts';
import { type Gateway, openGateway } from '../support/gateway.ts';
import { type GuardedSystem, startGuardedSystem, type TestLicense } from '../support/guarded-system.ts';
import { type FiledSale, filedSales } from '../support/sales-of-till.ts';

const TILLS = 20;
const DAY_MS = 24 * 60 * 60 * 1_000;
const RECORDING = fileURLToPath(new URL('../../demo/online-retail/sales_2011-09.csv.gz', import.meta.url));

/** A customer of the day: at which till, and what is bought. */
interface Customer {
  readonly till: number;
  readonly sale: RecordedSale;
}

/** Each till sells a real day of the recorded month: all of them side by side, by the time of day. */
function dayOf(recording: readonly RecordedSale[]): readonly Customer[] {
  const days = [...new Set(recording.map(({ atMs }) => Math.floor(atMs / DAY_MS)))].slice(0, TILLS);
  return recording
    .map((sale) => ({ till: days.indexOf(Math.floor(sale.atMs / DAY_MS)), sale }))
    .filter(({ till }) => till >= 0)
    .sort((a, b) => (a.sale.atMs % DAY_MS) - (b.sale.atMs % DAY_MS));
}

/** Products whose prices have odd pennies, so that no sum is right by luck. */
async function fillCatalog(system: GuardedSystem, key: string, day: readonly Customer[]): Promise<void> {
  const ids = [...new Set(day.flatMap(({ sale }) => sale.basket.map(({ productId }) => productId)))];
  for (let from = 0; from < ids.length; from += 500) {
    const operations = ids.slice(from, from + 500).map((id, index) => ({
      op: 'put',
      kind: 'product',
      item: {
        id,
        name: id,
        price: (37 + (((from + index) * 131) % 2_000)) / 100,
        currency: 'GBP',
        tax_percent: 20,
      },
    }));
    await system.admin(ADMIN_PATHS.changes(key), { operations });
  }
}

async function openTills(
  license: TestLicense,
  backendUrl: string,
  folderOf: (till: number) => string,
): Promise<readonly HostedTill[]> {
  const fetch = createFetch(null);
  const tills: HostedTill[] = [];
  for (let till = 0; till < TILLS; till += 1) {
    const identity = await activateHostedTill({
      ...{ fetch, backendUrl, name: `Till ${till + 1}` },
      licenseKey: parseLicenseKey(license.key),
      activationCode: license.activationCode,
    });
    const dataDir = folderOf(till);
    const options = { identity, dataDir, backendUrl, fetch, brokerCaPem: null, logger: silentLogger };
    tills.push(await openHostedTill({ ...options, onVerdicts: () => undefined }));
  }
  return tills;
}

/** Serves all customers, each till one after the other; the API cannot be reached for the middle third of them. */
async function sellDay(
  day: readonly Customer[],
  tills: readonly HostedTill[],
  gateway: Gateway,
): Promise<number> {
  let served = 0;
  let unsentAtMost = 0;
  const serve = async ({ till, sale }: Customer): Promise<void> => {
    await tills[till]?.sell(sale.basket);
    served += 1;
    if (served === Math.floor(day.length / 3)) await gateway.shut();
    if (served === Math.floor((2 * day.length) / 3)) {
      unsentAtMost = tills.reduce((sum, each) => sum + each.countUnsent().waiting, 0);
      await gateway.open();
    }
  };
  const serving = tills.map(() => Promise.resolve());
  for (const [index, customer] of day.entries()) {
    serving[customer.till] = (serving[customer.till] ?? Promise.resolve()).then(() => serve(customer));
    // The day goes by at each till alike.
    if (index % TILLS === 0) await Promise.all(serving);
  }
  await Promise.all(serving);
  return unsentAtMost;
}

function sum(sales: readonly { readonly minor: number }[]): number {
  return sales.reduce((total, { minor }) => total + minor, 0);
}

test('[P5] [P7] a replayed day of 20 tills with real sales, with the API down for a third of it, ends with every sale on the server exactly once and the sums equal to the penny', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tillcast-day-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const folderOf = (till: number): string => join(root, `till-${till}`);
  await using system = await startGuardedSystem({ apart: true });
  const day = dayOf(await readRecordedSales((await openSource(RECORDING)).content));
  const license = await system.createLicense('EXTRO-LIFE-DAY1', TILLS);
  await fillCatalog(system, license.key, day);
  await using gateway = await openGateway();
  gateway.lead(Number(new URL(system.backends[0]?.url ?? '').port));
  const tills = await openTills(license, `http://127.0.0.1:${gateway.port}`, folderOf);
  let unsentAtMost: number;
  try {
    const patience = { timeout: 120_000, interval: 200 };
    await vi.waitFor(() => expect(tills.filter((till) => !till.isLive())).toEqual([]), patience);
    unsentAtMost = await sellDay(day, tills, gateway);
    const unsent = (): number => tills.reduce((all, till) => all + till.countUnsent().waiting, 0);
    await vi.waitFor(() => expect(unsent()).toBe(0), patience);
  } finally {
    await Promise.all(tills.map((till) => till.stop()));
  }
  // What was sold while the API was away waited on the tills: a third of the day.
  expect(unsentAtMost).toBeGreaterThanOrEqual(Math.floor(day.length / 3) - TILLS);

  const database = new Client({ connectionString: system.databaseUrl });
  await database.connect();
  try {
    const { rows } = await database.query<{ terminal: string; id: string; minor: string }>(
      'SELECT terminal_id AS terminal, sale_id AS id, total_minor AS minor FROM sales',
    );
    const stored = Map.groupBy(rows, ({ terminal }) => terminal);
    let ofAll: FiledSale[] = [];
    for (const [place, till] of tills.entries()) {
      const filed = filedSales(folderOf(place));
      ofAll = [...ofAll, ...filed];
      expect(filed.filter(({ state }) => state !== 'accepted')).toEqual([]);
      expect(filed).toHaveLength(day.filter((customer) => customer.till === place).length);
      const own = (stored.get(till.terminalId) ?? []).map(({ id, minor }) => ({ id, minor: Number(minor) }));
      expect(own.map(({ id }) => id).sort()).toEqual(filed.map(({ id }) => id).sort());
      expect(sum(own)).toBe(sum(filed));
    }
    expect(rows).toHaveLength(day.length);
    expect(sum(rows.map(({ minor }) => ({ minor: Number(minor) })))).toBe(sum(ofAll));
    const rejected = await database.query('SELECT body FROM rejected_sales');
    expect(rejected.rows).toEqual([]);
  } finally {
    await database.end();
  }
}, 600_000);
