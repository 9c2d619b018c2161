import type { FaultProxy } from '@tillcast/testkit';
import { seededRandom } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { eventually, NOTICED_MS, within } from './support/bounds.ts';
import { expectEachOnce } from './support/expect-sold.ts';
import { rejectedOf, salesOf } from './support/queries.ts';
import { Shift } from './support/shift.ts';
import { type Stage, setStage } from './support/stage.ts';
import type { StagedTill } from './support/staged-till.ts';

const SHOP = 'UPDOWN-LIFE-TILL1';
const PRODUCTS = 40;
/** Several batches. */
const SALES = 250;
const UPLOAD = 'POST /api/v1/terminals/self/sales ';

test('[P5] [U35] while no sale gets through, changes come as ever, also where the server has to be asked for them', async () => {
  await using stage = await setStage({ licenses: [SHOP], products: PRODUCTS });
  const till = await liveTill(stage);
  const lines = killLines(stage.tillsToApi, (request) => request.startsWith(UPLOAD));
  const shift = await sold(till);
  await eventually(() => expect(lines.killed()).toBeGreaterThan(0));
  stage.tillsToBroker.refuse();
  stage.tillsToBroker.reset();
  for (let change = 0; change < 4; change += 1) {
    const { version } = await stage.raisePrice(SHOP);
    await within(NOTICED_MS, async () =>
      expect(await till.state()).toMatchObject({ version, unsent_sales: SALES }),
    );
  }
  expect(await salesOf(stage.databaseUrl, SHOP)).toEqual([]);
  lines.spare();
  await stage.tillsToBroker.accept();
  await expectAllOnce(stage, till, shift);
}, 300_000);

test('[P5] [U35] while nothing can be asked of the server, sales get through as ever', async () => {
  await using stage = await setStage({ licenses: [SHOP], products: PRODUCTS });
  const till = await liveTill(stage);
  const lines = killLines(
    stage.tillsToApi,
    (request) => /^(GET|POST) /.test(request) && !request.startsWith(UPLOAD),
  );
  await eventually(() => expect(lines.killed()).toBeGreaterThan(0));
  const shift = await sold(till);
  await within(NOTICED_MS, async () => expect(await salesOf(stage.databaseUrl, SHOP)).toHaveLength(SALES));
  await eventually(() => expect(lines.killed()).toBeGreaterThan(1));
  lines.spare();
  await expectAllOnce(stage, till, shift);
}, 300_000);

test('[P5] [U35] on a slow line a long backlog of changes comes down while a long one of sales goes up, neither after the other', async () => {
  await using stage = await setStage({ licenses: [SHOP], products: PRODUCTS });
  const till = await liveTill(stage);
  for (const proxy of [stage.tillsToApi, stage.tillsToBroker]) {
    proxy.refuse();
    proxy.reset();
  }
  const shift = await sold(till);
  await stage.commit(SHOP, ...manyProducts('A'));
  const { version } = await stage.commit(SHOP, ...manyProducts('B'));
  // Each line of its own for a quarter of a minute and more.
  stage.tillsToApi.suffer({ bytesPerSecond: 10_000 });
  await stage.tillsToApi.accept();
  const seen: { readonly isAtVersion: boolean; readonly unsent: number }[] = [];
  await eventually(async () => {
    const state = await till.state();
    seen.push({ isAtVersion: state.version === version, unsent: state.unsent_sales });
    expect(state).toMatchObject({ version, unsent_sales: 0 });
  });
  const isUnderWay = ({ isAtVersion, unsent }: (typeof seen)[number]): boolean =>
    !isAtVersion && unsent < SALES && unsent > 0;
  expect(seen.filter(isUnderWay), 'some sales were there, and the changes not yet').not.toEqual([]);
  stage.tillsToApi.heal();
  await stage.tillsToBroker.accept();
  await expectAllOnce(stage, till, shift);
}, 300_000);

async function liveTill(stage: Stage): Promise<StagedTill> {
  const till = await stage.openTill(SHOP, 'till');
  await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  return till;
}

async function sold(till: StagedTill): Promise<Shift> {
  const shift = new Shift({ products: PRODUCTS, random: seededRandom(1), pauseMaxMs: 0 });
  await shift.sellSome(till.process.url, SALES);
  expect([shift.saved.size, shift.refusals]).toEqual([SALES, []]);
  return shift;
}

async function expectAllOnce(stage: Stage, till: StagedTill, shift: Shift): Promise<void> {
  const head = await stage.head(SHOP);
  await eventually(() => till.isLiveAt(head));
  const atServer = await salesOf(stage.databaseUrl, SHOP);
  expectEachOnce(
    atServer.map(({ sale }) => sale),
    [shift],
  );
  expect(await rejectedOf(stage.databaseUrl, SHOP)).toEqual([]);
}

/** From now on each line goes dead, without a word to either end, as soon as such a request is sent on it. */
function killLines(
  proxy: FaultProxy,
  isMeant: (request: string) => boolean,
): { readonly killed: () => number; readonly spare: () => void } {
  let killed = 0;
  let going = true;
  const sees = (bytes: Buffer): boolean => going && isMeant(bytes.toString('latin1'));
  const kill = async (): Promise<void> => {
    while (going) {
      await proxy.intercept({ sees, passes: false });
      killed += 1;
    }
  };
  void kill();
  return {
    killed: () => killed,
    spare: () => {
      going = false;
    },
  };
}

/** Names that do not compress. */
function manyProducts(prefix: string): readonly unknown[] {
  const random = seededRandom(prefix.charCodeAt(0));
  const word = (): string => random().toString(36).slice(2, 12);
  return Array.from({ length: 1_000 }, (_, index) => ({
    op: 'put',
    kind: 'product',
    item: {
      id: `${prefix}${index}`,
      name: Array.from({ length: 12 }, word).join(' '),
      price: 2,
      currency: 'GBP',
    },
  }));
}
