import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { seededRandom } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { TillStore } from '../../packages/terminal/src/store/till-store.ts';
import { eventually } from './support/bounds.ts';
import { startLoad } from './support/load.ts';
import { changesOf } from './support/queries.ts';
import { setStage } from './support/stage.ts';

const SHOP = 'KILLED-LIFE-TILLS1';
const TILLS = 3;
/** Kills of all tills together; the full measure is 500. */
const KILLS = Number(process.env['TILLCAST_TEST_KILLS'] ?? 60);
/** Decides the moments. */
const SEED = Number(process.env['TILLCAST_TEST_SEED'] ?? 1);
/** A till is killed so soon after it has begun to serve, at a random moment. */
const ALIVE_MAX_MS = 600;

const itemSchema = z.looseObject({ id: z.string() });

/** What a dead till's file holds, summed up from its rows. */
function heldBy(path: string): { readonly version: number; readonly digest: string } | null {
  using store = new TillStore({
    path,
    licenseKey: parseLicenseKey(SHOP),
    onSetAside: ({ reason }) => expect.unreachable(`A kill damaged the file: ${reason}`),
  });
  const { cursor } = store;
  if (cursor === null) return null;
  const sum = new DigestSum();
  for (const kind of ITEM_KINDS) {
    for (const body of store.bodies(kind))
      sum.add(rowDigest(kind, itemSchema.parse(JSON.parse(body)).id, body));
  }
  expect(sum.toString()).toBe(cursor.digest);
  return cursor;
}

test(
  `[P4] [T2] [T4] tills that are killed at ${KILLS} random moments while they apply are each time at a whole version of the server's`,
  async () => {
    await using stage = await setStage({ licenses: [SHOP], products: 300 });
    const names = Array.from({ length: TILLS }, (_, index) => `till ${index}`);
    const tills = await Promise.all(names.map((name) => stage.openTill(SHOP, name)));
    for (const till of tills) await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
    const load = startLoad(stage, SHOP, 50);
    const versions = new Set<number>();
    const killAgainAndAgain = async (till: (typeof tills)[number], seed: number): Promise<void> => {
      const random = seededRandom(seed);
      for (let kill = 0; kill < KILLS / TILLS; kill += 1) {
        await pause(random() * ALIVE_MAX_MS);
        await till.process.kill();
        const held = heldBy(join(till.dataDir, 'catalog.sqlite'));
        if (held === null) throw new Error(`${till.name} lost its catalog.`);
        const logged = await changesOf(stage.databaseUrl, SHOP);
        expect(logged[held.version - 1]?.digest, `version ${held.version}`).toBe(held.digest);
        versions.add(held.version);
        await till.start();
      }
    };
    await Promise.all(tills.map((till, index) => killAgainAndAgain(till, SEED * TILLS + index)));
    await load.stop();
    const head = await stage.head(SHOP);
    for (const till of tills) await eventually(() => till.isLiveAt(head));
    // They were killed in the midst of it, and not at rest.
    expect(versions.size).toBeGreaterThan(KILLS / 4);
  },
  120_000 + KILLS * 4_000,
);
