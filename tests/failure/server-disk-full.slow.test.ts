import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { createDatabase, seededRandom, startPrivatePostgres } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { eventually } from './support/bounds.ts';
import { expectEachOnce } from './support/expect-sold.ts';
import { rejectedOf, salesOf } from './support/queries.ts';
import { Shift } from './support/shift.ts';
import { MOUNTS, openSmallDisk } from './support/small-disk.ts';
import { setStage } from './support/stage.ts';

const SHOP = 'FULLDISK-LIFE-SERVER1';
const PRODUCTS = 40;
const DISK_BYTES = 256 * 1_024 * 1_024;

test.runIf(MOUNTS)(
  '[P2] [P3] [P5] [V8] [U24] with the disk full under the database the API answers 503 with Retry-After, tills sell on and keep their sales, and with room again all are there once',
  async () => {
    await using disk = await openSmallDisk(DISK_BYTES);
    await using postgres = await startPrivatePostgres({ parentFolder: disk.path });
    await using database = await createDatabase(postgres.url);
    await using stage = await setStage({ licenses: [SHOP], products: PRODUCTS, databaseUrl: database.url });
    const tills = [await stage.openTill(SHOP, 'till 1'), await stage.openTill(SHOP, 'till 2')];
    for (const till of tills) await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
    const shifts = tills.map(
      (_, index) =>
        new Shift({
          products: PRODUCTS,
          random: seededRandom(index + 1),
          pauseMaxMs: 0,
          quantitiesFrom: index * 5_000,
        }),
    );
    const sell = async (count: number): Promise<void> => {
      await Promise.all(shifts.map((shift, index) => shift.sellSome(tills[index]?.process.url ?? '', count)));
    };
    await sell(10);
    for (const till of tills) await eventually(async () => expect((await till.state()).unsent_sales).toBe(0));

    await disk.fill(0, postgres.pid);
    const before = await stage.head(SHOP);
    const refused = await stage.admin(ADMIN_PATHS.changes(SHOP), { operations: manyProducts() });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([
      503,
      expect.stringMatching(/^\d+$/),
    ]);
    expect(await refused.json()).toMatchObject({ code: 'database_unavailable' });
    expect(await stage.head(SHOP)).toMatchObject({ version: before.version, digest: before.digest });
    // More than fits into what the tables have left.
    await sell(150);
    for (const till of tills) {
      await eventually(async () => expect((await till.state()).unsent_sales).toBeGreaterThan(50));
    }
    expect(shifts.map(({ saved, refusals }) => [saved.size, refusals])).toEqual([
      [160, []],
      [160, []],
    ]);

    await disk.free(postgres.pid);
    await sell(10);
    await eventually(() => stage.commit(SHOP, ...manyProducts()).then(() => undefined));
    const head = await stage.head(SHOP);
    expect(head.version).toBe(before.version + 1);
    for (const till of tills) await eventually(() => till.isLiveAt(head));
    const sold = await salesOf(stage.databaseUrl, SHOP);
    expectEachOnce(
      sold.map(({ sale }) => sale),
      shifts,
    );
    expect(sold.length).toBe(340);
    expect(await rejectedOf(stage.databaseUrl, SHOP)).toEqual([]);
  },
  300_000,
);

/** A change that does not fit into what tables have left. */
function manyProducts(): readonly unknown[] {
  return Array.from({ length: 500 }, (_, index) => ({
    op: 'put',
    kind: 'product',
    item: { id: `NEW${index}`, name: `A new product ${index}`, price: 2, currency: 'GBP' },
  }));
}
