import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { syncNow } from '../support/tills.ts';
import { eventually, NOTICED_MS, within } from './support/bounds.ts';
import { type Stage, setStage } from './support/stage.ts';
import type { StagedTill } from './support/staged-till.ts';

const SHOP = 'HALFOPEN-LIFE-SHOP1';
const HELD_MS = 30_000;

async function withTwoTills(
  work: (stage: Stage, tills: readonly StagedTill[]) => Promise<void>,
): Promise<void> {
  await using stage = await setStage({ licenses: [SHOP], contentEveryMs: 500 });
  const tills = await Promise.all(['one', 'two'].map((name) => stage.openTill(SHOP, name)));
  for (const till of tills) await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  await work(stage, tills);
  await stage.raisePrice(SHOP);
  const head = await stage.head(SHOP);
  for (const till of tills) await eventually(() => till.isLiveAt(head));
  // One line to the broker for each till, and what HTTP keeps.
  await eventually(() => {
    const { tillsToBroker, tillsToApi } = stage;
    expect(tillsToBroker.openLines()).toEqual({ ofClients: tills.length, atServer: tills.length });
    expect(tillsToApi.openLines().ofClients).toBeLessThanOrEqual(tills.length * 2);
    expect(tillsToApi.openLines().atServer).toBeLessThanOrEqual(tills.length * 2);
  });
}

async function noneIsLive(tills: readonly StagedTill[]): Promise<void> {
  for (const till of tills) expect((await till.state()).status, till.name).not.toBe('live');
}

test('[P6] [Q4] [R11] the broker vanishes without a word: what it does not bring is learned from the server in time, and no dead line is kept', async () => {
  await withTwoTills(async (stage, tills) => {
    stage.tillsToBroker.abandon();
    await stage.raisePrice(SHOP);
    const head = await stage.head(SHOP);
    for (const till of tills) {
      await within(NOTICED_MS, async () =>
        expect(await till.state()).toMatchObject({ version: head.version }),
      );
    }
  });
}, 180_000);

test('[P6] [R11] [T1] nothing passes for 30 s: no till says that it is live after 20 s, and all are again when it passes', async () => {
  await withTwoTills(async (stage, tills) => {
    for (const proxy of [stage.tillsToBroker, stage.tillsToApi]) proxy.suffer({ traffic: 'held' });
    await stage.raisePrice(SHOP);
    const startedMs = performance.now();
    await within(NOTICED_MS + 1_000, () => noneIsLive(tills));
    await stage.truth.check();
    await pause(HELD_MS - (performance.now() - startedMs));
    await noneIsLive(tills);
    for (const proxy of [stage.tillsToBroker, stage.tillsToApi]) proxy.heal();
    const head = await stage.head(SHOP);
    for (const till of tills) await within(NOTICED_MS, () => till.isLiveAt(head));
  });
}, 180_000);

test('[P6] [R8] [T8] a server that accepts and says nothing is as one that is away: said so in time, and "Sync now" answers', async () => {
  await withTwoTills(async (stage, tills) => {
    stage.tillsToApi.suffer({ newcomers: 'ignored' });
    stage.tillsToApi.reset();
    await within(NOTICED_MS + 1_000, () => noneIsLive(tills));
    for (const { process } of tills) {
      expect(await syncNow(process)).toMatchObject({
        outcome: expect.stringMatching(/no_connection|still_working/),
      });
    }
    // Messages still come, and are applied.
    await stage.raisePrice(SHOP);
    const head = await stage.head(SHOP);
    for (const till of tills) {
      await eventually(async () => expect(await till.state()).toMatchObject({ version: head.version }));
    }
    stage.tillsToApi.heal();
    for (const till of tills) await within(NOTICED_MS * 2, () => till.isLiveAt(head));
  });
}, 180_000);

test('[P6] over lines of 2 kB a second tills are slow and tell the truth', async () => {
  await withTwoTills(async (stage, tills) => {
    for (const proxy of [stage.tillsToBroker, stage.tillsToApi]) proxy.suffer({ bytesPerSecond: 2_000 });
    for (let change = 0; change < 30; change += 1) {
      await stage.raisePrice(SHOP);
      await pause(500);
    }
    await stage.truth.check();
    const head = await stage.head(SHOP);
    for (const till of tills) {
      await eventually(async () => expect(await till.state()).toMatchObject({ version: head.version }));
    }
    for (const proxy of [stage.tillsToBroker, stage.tillsToApi]) proxy.heal();
  });
}, 240_000);
