import { cp } from 'node:fs/promises';
import { FLEET_PATHS } from '@tillcast/protocol/http/fleet-api';
import { counterOf } from '@tillcast/protocol/sales/sale-id';
import { seededRandom } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { eventually } from './support/bounds.ts';
import { expectEachOnce } from './support/expect-sold.ts';
import { rejectedOf, salesOf } from './support/queries.ts';
import { Shift } from './support/shift.ts';
import { type Stage, setStage } from './support/stage.ts';
import type { StagedTill } from './support/staged-till.ts';

const SHOP = 'COPIED-LIFE-TILLS1';
const PRODUCTS = 40;
const SALES = 20;

test('[P5] [N4] [N5] [U3] of a till and its clone that both sell each sale is at the server once, no id is used twice, and both tell that there is a copy', async () => {
  await using stage = await setStage({ licenses: [SHOP], products: PRODUCTS });
  const { till, before, copy } = await copiedTill(stage);
  await stage.tillsToApi.accept();
  await till.start();
  const clone = await openCopy(stage, copy);
  const [ofTill, ofClone] = [shift(1_000), shift(2_000)];
  await Promise.all([ofTill.sellSome(till.process.url, SALES), ofClone.sellSome(clone.process.url, SALES)]);
  expect([ofTill.saved.size, ofClone.saved.size]).toEqual([SALES, SALES]);
  // Each counts on from where the copy was made: without more than the counter their sales would be taken for each other's.
  const counters = ({ saved }: Shift): Set<number> =>
    new Set([...saved.values()].map(({ id }) => counterOf(id)));
  expect(counters(ofTill)).toEqual(counters(ofClone));
  for (const each of [till, clone]) await allSent(each);
  await expectAllOnce(stage, [before, ofTill, ofClone]);
  for (const each of [till, clone]) await eventually(() => tellsOfCopy(each));
  expect(await clonedTills(stage)).toBe(1);
}, 240_000);

test('[P5] [N4] [N5] [U3] a till that is put back to an old copy sells on: each sale from before and after is at the server once, no id is used twice, and it tells that there is a copy', async () => {
  await using stage = await setStage({ licenses: [SHOP], products: PRODUCTS });
  const { till, before, copy } = await copiedTill(stage);
  await stage.tillsToApi.accept();
  await till.start();
  const later = shift(1_000);
  await later.sellSome(till.process.url, SALES);
  await allSent(till);
  await till.stop();
  // What the copy still has to send is at the server already.
  const restored = await openCopy(stage, copy);
  const after = shift(2_000);
  await after.sellSome(restored.process.url, SALES);
  expect([later.saved.size, after.saved.size]).toEqual([SALES, SALES]);
  await allSent(restored);
  await expectAllOnce(stage, [before, later, after]);
  await eventually(() => tellsOfCopy(restored));
  expect(await clonedTills(stage)).toBe(1);
}, 240_000);

/** A till that has sold, with a copy of its folder in which sales wait that no server has got; it is stopped, and its server away. */
async function copiedTill(
  stage: Stage,
): Promise<{ readonly till: StagedTill; readonly before: Shift; readonly copy: string }> {
  const till = await stage.openTill(SHOP, 'till');
  await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  const before = shift(0);
  await before.sellSome(till.process.url, SALES);
  await allSent(till);
  stage.tillsToApi.refuse();
  stage.tillsToApi.reset();
  await before.sellSome(till.process.url, SALES);
  expect(before.saved.size).toBe(2 * SALES);
  expect(await till.state()).toMatchObject({ unsent_sales: SALES });
  await till.stop();
  const copy = `${till.dataDir} copy`;
  await cp(till.dataDir, copy, { recursive: true });
  return { till, before, copy };
}

function openCopy(stage: Stage, copy: string): Promise<StagedTill> {
  return stage.openTill(SHOP, 'copy', { environment: { TILLCAST_DATA_DIR: copy } });
}

function shift(quantitiesFrom: number): Shift {
  return new Shift({
    products: PRODUCTS,
    random: seededRandom(quantitiesFrom + 1),
    pauseMaxMs: 0,
    quantitiesFrom,
  });
}

function allSent(till: StagedTill): Promise<number> {
  return eventually(async () => expect(await till.state()).toMatchObject({ unsent_sales: 0 }));
}

async function expectAllOnce(stage: Stage, shifts: readonly Shift[]): Promise<void> {
  const sold = await salesOf(stage.databaseUrl, SHOP);
  expectEachOnce(
    sold.map(({ sale }) => sale),
    shifts,
  );
  expect(new Set(sold.map(({ sale }) => sale.id)).size).toBe(sold.length);
  expect(new Set(sold.map(({ terminalId }) => terminalId)).size).toBe(1);
  expect(await rejectedOf(stage.databaseUrl, SHOP)).toEqual([]);
}

async function tellsOfCopy(till: StagedTill): Promise<void> {
  const { status, reason } = await till.state();
  expect([status, reason]).toEqual(['needs_attention', expect.stringContaining('copy')]);
}

async function clonedTills(stage: Stage): Promise<number> {
  const answer = await stage.admin(FLEET_PATHS.status);
  const { cloned } = (await answer.json()) as { readonly cloned: number };
  return cloned;
}
