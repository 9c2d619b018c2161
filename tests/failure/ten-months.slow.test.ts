import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { TillcastError } from '@tillcast/protocol/errors';
import { expect, test } from 'vitest';
import { readPriceChanges } from '../../packages/cli/src/replay/price-changes.ts';
import { runCommand } from '../support/command.ts';
import { API_KEY } from '../support/system.ts';
import { eventually } from './support/bounds.ts';
import { type Stage, setStage } from './support/stage.ts';
import type { StagedTill } from './support/staged-till.ts';

const SHOP = 'MONTHS-LIFE-SHOP1';
const OTHER = 'MONTHS-LIFE-SHOP2';
const data = (file: string): string =>
  join(fileURLToPath(new URL('../..', import.meta.url)), 'demo', 'online-retail', file);

/** Of the recording's 66,499 price changes, evenly over its ten months; `all` takes every one of them. */
const CHANGES = process.env['TILLCAST_TEST_REPLAY'] ?? '6000';
const BROKER_DEATHS = 5;
/** Turns of a till's being off. */
const ABSENCES = 10;
const LOST = 0.05;
const CHECKS = 40;
const UNKNOWN_PRODUCT = /item_not_found/;

interface PriceChange {
  readonly sku: string;
  readonly newMinor: number;
}

async function recordedChanges(): Promise<readonly PriceChange[]> {
  const content = createReadStream(data('price_changes.csv.gz')).pipe(createGunzip());
  const whole = { fromMs: undefined, untilMs: undefined, limit: undefined };
  const all = await readPriceChanges(content, whole);
  if (CHANGES === 'all') return all;
  const every = all.length / Number(CHANGES);
  return Array.from({ length: Number(CHANGES) }, (_, index) => all[Math.floor(index * every)]).filter(
    (change) => change !== undefined,
  );
}

/** Commits one; where the shop has no such product, nothing. Resolves to whether there was one. */
async function commitOne(stage: Stage, { sku, newMinor }: PriceChange): Promise<boolean> {
  try {
    await stage.commit(SHOP, { op: 'set_price', product_id: sku, price: newMinor / 100 });
    return true;
  } catch (error) {
    if (error instanceof TillcastError || !UNKNOWN_PRODUCT.test(String(error))) throw error;
    return false;
  }
}

/** Kills the broker and starts it again, while changes go on. */
async function killBroker({ broker }: Stage): Promise<void> {
  await broker?.kill();
  await broker?.startAgain();
}

// 1. A real shop's catalog, five tills of the shop and one of another. 2. Its real price changes, as fast as they go, while
// every twentieth message is lost. 3. Five times the broker is killed; ten times a till goes and comes back. The checker
// looks at every till all the while, and at everything at each step.
test(`[P1] [P2] [P3] [P4] [P6] ten months of real price changes (${CHANGES}), with the broker killed five times, tills off and on, and a twentieth of the messages lost, end with equal digests on five tills, and no byte on the sixth`, async () => {
  await using stage = await setStage({
    licenses: [SHOP, OTHER],
    products: 0,
    ownBroker: true,
    contentEveryMs: 3_000,
    seed: 2_011,
  });
  const imported = await runCommand(['import', data('products.csv'), '--license', SHOP], {
    env: { TILLCAST_URL: stage.backend().url, TILLCAST_API_KEY: API_KEY },
    cwd: stage.backendDataDir,
  });
  expect(imported.code, imported.err).toBe(0);
  stage.tillsToBroker.suffer({ deliveries: { drop: LOST } });
  const tills: StagedTill[] = [];
  for (let index = 1; index <= 5; index += 1) tills.push(await stage.openTill(SHOP, `till ${index}`));
  const sixth = await stage.openTill(OTHER, 'till 6');
  for (const till of tills) await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  await eventually(async () => sixth.isLiveAt(await stage.head(OTHER)));

  const changes = await recordedChanges();
  const deathEvery = Math.floor(changes.length / BROKER_DEATHS);
  const turnEvery = Math.floor(changes.length / (ABSENCES * 2));
  const checkEvery = Math.floor(changes.length / CHECKS);
  let brokerIsBack: Promise<void> = Promise.resolve();
  let deaths = 0;
  let known = 0;
  let turns = 0;
  const startedMs = performance.now();
  for (const [index, change] of changes.entries()) {
    if (await commitOne(stage, change)) known += 1;
    if (index % deathEvery === Math.floor(deathEvery / 2)) {
      await brokerIsBack;
      brokerIsBack = killBroker(stage);
      deaths += 1;
    }
    if (index % turnEvery === turnEvery - 1) {
      const till = tills[Math.floor(turns / 2) % tills.length];
      if (turns % 2 === 0) await till?.stop();
      else await till?.start();
      turns += 1;
    }
    if (index % checkEvery === 0) await stage.truth.check();
  }
  await brokerIsBack;
  const replayedS = Math.round((performance.now() - startedMs) / 1_000);
  const head = await stage.head(SHOP);
  for (const till of tills) await eventually(() => till.isLiveAt(head));
  await stage.truth.check();
  const { deliveries, dropped } = stage.tillsToBroker.tally;
  const { states, live, contents } = stage.truth.tally;
  console.log(
    `${changes.length} changes, ${known} of known products, to version ${head.version} in ${replayedS} s; ` +
      `${deliveries} deliveries, ${dropped} lost; ${states} states seen, ${live} of them live, ${contents} catalogs summed up`,
  );
  expect(deaths).toBe(BROKER_DEATHS);
  expect(dropped).toBeGreaterThan(deliveries * LOST * 0.7);
  expect(head.version).toBeGreaterThan(changes.length / 4);
  expect(await sixth.state()).toMatchObject({ status: 'live', version: 0, digest: '0000000000000000' });
  expect((await sixth.counts())['message_received'] ?? 0).toBe(0);
}, 3_600_000);
