import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { seededRandom } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { TillStore } from '../../packages/terminal/src/store/till-store.ts';
import { eventually, SLOWNESS } from './support/bounds.ts';
import { expectEachOnce } from './support/expect-sold.ts';
import { startLoad } from './support/load.ts';
import { changesOf, rejectedOf, salesOf } from './support/queries.ts';
import { Shift } from './support/shift.ts';
import { type Stage, setStage } from './support/stage.ts';
import type { StagedTill } from './support/staged-till.ts';

const SHOP = 'KILLED-LIFE-TILLS1';
const TILLS = 3;
const PRODUCTS = 100;
/** Kills of all tills together; the full measure is 500. */
const KILLS = Number(process.env['TILLCAST_TEST_KILLS'] ?? 60);
/** Decides the moments. */
const SEED = Number(process.env['TILLCAST_TEST_SEED'] ?? 1);
/** A till is killed so soon, at a random moment: after it has begun to serve, or after it has applied and sold something. */
const MOMENT_MAX_MS = 600;
/** A third of the kills come while the till finds its way back. */
const EARLY_SHARE = 1 / 3;
const SALES_BEFORE_KILL_MAX = 8;

const itemSchema = z.looseObject({ id: z.string() });

/** What a dead till's file holds, summed up from its rows. */
function heldBy(till: StagedTill): { readonly version: number; readonly digest: string } {
  using store = new TillStore({
    path: join(till.dataDir, 'catalog.sqlite'),
    licenseKey: parseLicenseKey(SHOP),
    onSetAside: ({ reason }) => expect.unreachable(`A kill damaged the file: ${reason}`),
  });
  const { cursor } = store;
  if (cursor === null) throw new Error(`${till.name} lost its catalog.`);
  const sum = new DigestSum();
  for (const kind of ITEM_KINDS) {
    for (const body of store.bodies(kind))
      sum.add(rowDigest(kind, itemSchema.parse(JSON.parse(body)).id, body));
  }
  expect(sum.toString()).toBe(cursor.digest);
  return cursor;
}

test(
  `[P4] [P5] [T2] [T4] [U20] tills that are killed at ${KILLS} random moments (seed ${SEED}) while they apply and sell are each time at a whole version of the server's, and each sale that they called saved is at the server once`,
  async () => {
    await using stage = await setStage({ licenses: [SHOP], products: PRODUCTS, contentEveryMs: 3_000 });
    // A batch of sales is long enough on its way for a kill to meet it there.
    stage.tillsToApi.suffer({ latencyMs: 15, jitterMs: 20 });
    const names = Array.from({ length: TILLS }, (_, index) => `till ${index}`);
    const tills = await Promise.all(names.map((name) => stage.openTill(SHOP, name)));
    for (const till of tills) await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
    const load = startLoad(stage, SHOP, 20);
    const versions = new Set<number>();
    const killAgainAndAgain = async (till: StagedTill, seed: number): Promise<Shift> => {
      const random = seededRandom(seed);
      const shift = new Shift({ products: PRODUCTS, random: seededRandom(-seed - 1), pauseMaxMs: 40 });
      let held = { version: 0, digest: '' };
      for (let kill = 0; kill < KILLS / TILLS; kill += 1) {
        const selling = shift.sellAt(till.process.url);
        if (random() >= EARLY_SHARE) {
          const wanted = shift.saved.size + 1 + Math.floor(random() * SALES_BEFORE_KILL_MAX);
          await hasDone(till, shift, held.version, wanted);
        }
        await pause(random() * MOMENT_MAX_MS);
        await till.process.kill();
        await selling;
        held = heldBy(till);
        const logged = await changesOf(stage.databaseUrl, SHOP);
        expect(logged[held.version - 1]?.digest, `version ${held.version}`).toBe(held.digest);
        versions.add(held.version);
        await till.start();
      }
      // What was open at the last kill is sold too.
      shift.end();
      await shift.sellAt(till.process.url);
      return shift;
    };
    const shifts = await Promise.all(
      tills.map((till, index) => killAgainAndAgain(till, SEED * TILLS + index)),
    );
    await load.stop();
    const head = await stage.head(SHOP);
    for (const till of tills) await eventually(() => till.isLiveAt(head));
    const sold = await salesOf(stage.databaseUrl, SHOP);
    for (const [index, till] of tills.entries()) {
      const { terminal_id } = await till.state();
      const ofTill = sold.filter(({ terminalId }) => terminalId === terminal_id);
      expectEachOnce(
        ofTill.map(({ sale }) => sale),
        shifts.slice(index, index + 1),
      );
    }
    expect(await rejectedOf(stage.databaseUrl, SHOP)).toEqual([]);
    expect(shifts.flatMap(({ refusals }) => refusals)).toEqual([]);
    // They were killed in the midst of it, and not at rest.
    const unanswered = shifts.reduce((sum, shift) => sum + shift.unanswered, 0);
    const saved = shifts.reduce((sum, shift) => sum + shift.saved.size, 0);
    const doubled = await countedSales(stage, 'doubled');
    process.stdout.write(
      `${KILLS} kills (seed ${SEED}): ${head.version} versions, ${sold.length} sales, ${saved} of them called saved; ${unanswered} kills met a request, ${doubled} sales were sent again.\n`,
    );
    expect(versions.size).toBeGreaterThan(KILLS / 4);
    expect(unanswered).toBeGreaterThan(KILLS / 10);
    expect(doubled).toBeGreaterThan(KILLS / 20);
  },
  (120_000 + KILLS * 4_000) * SLOWNESS,
);

/** Waits until a till has gone beyond a version, and somebody has sold so much at it. */
function hasDone(till: StagedTill, shift: Shift, version: number, sales: number): Promise<number> {
  return eventually(async () => {
    expect((await till.state()).version).toBeGreaterThan(version);
    expect(shift.saved.size).toBeGreaterThanOrEqual(sales);
  });
}

/** How many sales met this at the server, whichever way they were brought. */
async function countedSales(stage: Stage, outcome: 'accepted' | 'doubled'): Promise<number> {
  const answer = await stage.admin('/metrics');
  const text = await answer.text();
  return Number(
    new RegExp(`^tillcast_sales_total\\{outcome="${outcome}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0,
  );
}
