import { join } from 'node:path';
import { seededRandom } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { eventually } from './support/bounds.ts';
import { Cashier } from './support/cashier.ts';
import { expectEachOnce } from './support/expect-sold.ts';
import { startLoad } from './support/load.ts';
import { rejectedOf, salesOf } from './support/queries.ts';
import { Shift } from './support/shift.ts';
import { openSmallDisk } from './support/small-disk.ts';
import { setStage } from './support/stage.ts';
import type { StagedTill } from './support/staged-till.ts';

const SHOP = 'FULLDISK-LIFE-TILL1';
const PRODUCTS = 40;
const DISK_BYTES = 32 * 1_024 * 1_024;
/** Room for some sales, so that the disk is full in the midst of selling. */
const LEFT_BYTES = 192 * 1_024;
const OPEN_ORDERS = 30;

test('[P5] [P6] [R9] [U20] [U21] on a full disk a till saves a sale or refuses it in words, shows none that it refused, and goes on with room again, having lost nothing', async () => {
  await using disk = await openSmallDisk(DISK_BYTES);
  await using stage = await setStage({ licenses: [SHOP], products: PRODUCTS });
  const till = await stage.openTill(SHOP, 'till', {
    environment: { TILLCAST_DATA_DIR: join(disk.path, 'till') },
  });
  await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  const shift = new Shift({ products: PRODUCTS, random: seededRandom(1), pauseMaxMs: 0 });
  await shift.sellSome(till.process.url, 10);
  expect(shift.saved.size).toBe(10);

  await shift.openSome(till.process.url, OPEN_ORDERS);
  const load = startLoad(stage, SHOP, 20);
  await disk.fill(LEFT_BYTES, till.process.pid);
  for (let tries = 0; shift.refusals.length < 20; tries += 1) {
    expect(tries, 'a disk that is never full').toBeLessThan(300);
    await shift.sellSome(till.process.url, 10);
    expect(await listed(till)).toEqual(shift.savedIds());
  }
  // Orders of before the disk was full: here it is the sale itself that cannot be saved.
  const refusedBefore = shift.refusals.length;
  await shift.payOpen(till.process.url);
  expect(shift.refusals.length).toBeGreaterThan(refusedBefore);
  expect(await listed(till)).toEqual(shift.savedIds());
  for (const refusal of shift.refusals) {
    expect(refusal).toMatchObject({ status: 507, code: 'till_disk_full' });
    expect(refusal.words).toMatch(/^Nothing was saved: .*Free some space/);
  }
  // A power cut on top of it.
  await till.process.kill();
  await disk.free(till.process.pid);
  await till.start();
  expect(await listed(till)).toEqual(shift.savedIds());

  await shift.sellSome(till.process.url, 10);
  shift.end();
  await shift.sellAt(till.process.url);
  await load.stop();
  const head = await stage.head(SHOP);
  await eventually(() => till.isLiveAt(head));
  // Seldom live while it has sales to send, it may not have been looked at yet.
  await eventually(() => expect(stage.truth.tally.contents).toBeGreaterThan(0));
  const sold = await salesOf(stage.databaseUrl, SHOP);
  expectEachOnce(
    sold.map(({ sale }) => sale),
    [shift],
  );
  expect(sold.length).toBe(shift.saved.size);
  expect(await rejectedOf(stage.databaseUrl, SHOP)).toEqual([]);
}, 240_000);

/** The ids of the sales that the till shows. */
async function listed(till: StagedTill): Promise<ReadonlySet<string>> {
  const cashier = await Cashier.at(till.process.url);
  const said = await cashier?.sales();
  if (said?.said !== 'yes') throw new Error(`The till does not list its sales: ${JSON.stringify(said)}`);
  return new Set(said.answer.sales.map(({ sale }) => sale.id));
}
