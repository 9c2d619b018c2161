import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDatabase } from '@tillcast/testkit';
import { MemorySales } from '@tillcast/testkit/simulation';
import type { Database } from '../../src/database/database.ts';
import { statement, textColumn } from '../../src/database/statement.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { newLicense, open } from './fixture.ts';
import { type SalesPlace, takeSalesContract } from './take-sales-contract.ts';

const STORED = statement<{ readonly name: string }>(
  'test_select_stored_sales',
  `SELECT terminal_id::text || ' ' || sale_id AS name FROM sales ORDER BY terminal_id, sale_id`,
  { name: textColumn },
);

const REJECTED = statement<{ readonly name: string }>(
  'test_select_rejected_codes',
  'SELECT code AS name FROM rejected_sales ORDER BY code',
  { name: textColumn },
);

async function placeIn(database: Database, remove: () => Promise<void>): Promise<SalesPlace> {
  const { id: licenseId } = await getLicense(database, await newLicense(database));
  const names = async (query: typeof STORED): Promise<readonly string[]> =>
    (await database.ofLicense(licenseId).query(query)).map(({ name }) => name);
  return {
    database,
    licenseId,
    stored: () => names(STORED),
    rejected: () => names(REJECTED),
    close: async () => {
      await database.close();
      await remove();
    },
  };
}

takeSalesContract('PostgreSQL', async () => {
  const fresh = await freshDatabase();
  return placeIn(await open({ url: fresh.url }), () => fresh.drop());
});

takeSalesContract('the embedded engine', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-embedded-'));
  return placeIn(await open({ dataDir }), () => rm(dataDir, { recursive: true, force: true }));
});

takeSalesContract('the simulator', () => {
  const sales = new MemorySales();
  return Promise.resolve({
    database: sales.database,
    licenseId: 1,
    stored: () =>
      Promise.resolve(sales.rows.map(({ terminalId, saleId }) => `${terminalId} ${saleId}`).toSorted()),
    rejected: () => Promise.resolve(sales.rejected.map(({ code }) => code).toSorted()),
    close: () => Promise.resolve(),
  });
});
