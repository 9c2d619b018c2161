import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import type { CommitResult } from '@tillcast/protocol/http/admin-api';
import { expect, test } from 'vitest';
import { type RecordedChange, readPriceChanges } from '../../packages/cli/src/replay/price-changes.ts';
import { runCommand } from '../support/command.ts';
import { API_KEY } from '../support/system.ts';
import { eventually } from './support/bounds.ts';
import { type Stage, setStage } from './support/stage.ts';
import type { StagedTill } from './support/staged-till.ts';

const SHOP = 'MONTHS-LIFE-SHOP1';
const OTHER = 'MONTHS-LIFE-SHOP2';
const data = (file: string): string =>
  join(fileURLToPath(new URL('../..', import.meta.url)), 'demo', 'online-retail', file);

/**
 * How many of the recording's 9,727 moments, evenly over its ten months. `all` is every one of them, and so all of its
 * 66,499 price changes.
 */
const MOMENTS = process.env['TILLCAST_TEST_REPLAY'] ?? 'all';
const BROKER_DEATHS = 5;
/** Turns of a till's being off. */
const ABSENCES = 10;
const LOST = 0.05;
const CONTENT_CHECKS = 40;

/** The prices that changed at one moment of the recording: whoever changed them did it at once, and so does the shop here. */
interface Moment {
  readonly changes: readonly RecordedChange[];
}

async function recordedMoments(): Promise<readonly Moment[]> {
  const content = createReadStream(data('price_changes.csv.gz')).pipe(createGunzip());
  const whole = { fromMs: undefined, untilMs: undefined, limit: undefined };
  const byMoment = Map.groupBy(await readPriceChanges(content, whole), ({ atMs }) => atMs);
  const all = [...byMoment.values()].map((changes) => ({ changes }));
  if (MOMENTS === 'all') return all;
  const every = all.length / Number(MOMENTS);
  return all.filter((_, index) => Math.floor(index / every) !== Math.floor((index - 1) / every));
}

function commitMoment(stage: Stage, { changes }: Moment): Promise<CommitResult> {
  return stage.commit(
    SHOP,
    ...changes.map(({ sku, newMinor }) => ({ op: 'set_price', product_id: sku, price: newMinor / 100 })),
  );
}

/** Kills the broker and starts it again, while changes go on. */
async function killBroker({ broker }: Stage): Promise<void> {
  await broker?.kill();
  await broker?.startAgain();
}

// 1. A real shop's catalog, five tills of the shop and one of another. 2. Its real price changes, moment by moment, as fast
// as they go, while every twentieth message is lost. 3. Five times the broker is killed; ten times a till goes and comes
// back. After each moment the checker looks at what each till says of itself, and all the while at what it shows.
test(`[P1] [P2] [P3] [P4] [P6] ten months of real price changes (${MOMENTS} moments), with the broker killed five times, tills off and on, and a twentieth of the messages lost, end with equal digests on five tills, and no byte on the sixth`, async () => {
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

  const moments = await recordedMoments();
  const deathEvery = Math.floor(moments.length / BROKER_DEATHS);
  const turnEvery = Math.floor(moments.length / (ABSENCES * 2));
  const contentEvery = Math.floor(moments.length / CONTENT_CHECKS);
  const prices = new Map<string, number>();
  let [brokerIsBack, tillsTurned] = [Promise.resolve(), Promise.resolve()];
  let { version: written } = await stage.head(SHOP);
  let [deaths, turns, rows] = [0, 0, 0];
  const startedMs = performance.now();
  for (const [index, moment] of moments.entries()) {
    if (index % deathEvery === Math.floor(deathEvery / 2)) {
      await brokerIsBack;
      brokerIsBack = killBroker(stage);
      deaths += 1;
    }
    if (index % turnEvery === turnEvery - 1) {
      const till = tills[Math.floor(turns / 2) % tills.length];
      const turn = turns % 2 === 0 ? 'stop' : 'start';
      tillsTurned = tillsTurned.then(() => till?.[turn]());
      turns += 1;
    }
    const { type, changed } = await commitMoment(stage, moment);
    if (type !== null) written += 1;
    rows += changed;
    for (const { sku, newMinor } of moment.changes) prices.set(sku, newMinor / 100);
    await (index % contentEvery === 0 ? stage.truth.check() : stage.truth.checkStates());
  }
  await Promise.all([brokerIsBack, tillsTurned]);
  const replayedS = Math.round((performance.now() - startedMs) / 1_000);
  const head = await stage.head(SHOP);
  expect(head.version).toBe(written);
  for (const till of tills) await eventually(() => till.isLiveAt(head));
  await stage.truth.check();
  const { deliveries, dropped } = stage.tillsToBroker.tally;
  const { states, live, contents } = stage.truth.tally;
  console.log(
    `${moments.length} moments, ${rows} prices changed, to version ${head.version} in ${replayedS} s; ` +
      `${deliveries} deliveries, ${dropped} lost; ${states} states seen, ${live} of them live, ${contents} catalogs summed up`,
  );
  expect(deaths).toBe(BROKER_DEATHS);
  expect(dropped).toBeGreaterThan(deliveries * LOST * 0.7);
  for (const till of tills) {
    const { items } = await till.items('product');
    const shown = new Map(items.map((item) => [item.id, item['price']]));
    for (const [sku, price] of prices) expect(shown.get(sku), `${till.name}: ${sku}`).toBe(price);
  }
  expect(await sixth.state()).toMatchObject({ status: 'live', version: 0, digest: '0000000000000000' });
  expect((await sixth.counts())['message_received'] ?? 0).toBe(0);
}, 3_600_000);
