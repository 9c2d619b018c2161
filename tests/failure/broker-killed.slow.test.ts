import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CONVERGED_MS, eventually, within } from './support/bounds.ts';
import { startLoad } from './support/load.ts';
import { changesOf } from './support/queries.ts';
import { setStage } from './support/stage.ts';

const SHOP = 'BROKER-LIFE-KILLED1';
const OTHER = 'BROKER-LIFE-KILLED2';

/** How long the broker is away; tills wait the longer for their next try the longer it is. */
const AWAY_MS = Number(process.env['TILLCAST_TEST_AWAY_MS'] ?? 45_000);

// 1. Three tills of a shop and one of another, under a load of changes. 2. The broker is killed; the changes go on.
// 3. It comes back, and the load ends.
test('[P3] [P6] [Y2] the broker is killed under load: the API goes on, and all tills hold all soon after its port opens', async () => {
  await using stage = await setStage({ licenses: [SHOP, OTHER], ownBroker: true });
  const { broker } = stage;
  if (broker === null) throw new Error('It has one of its own.');
  const tills = await Promise.all(['one', 'two', 'three'].map((name) => stage.openTill(SHOP, name)));
  const other = await stage.openTill(OTHER, 'other');
  await eventually(async () => other.isLiveAt(await stage.head(OTHER)));
  for (const till of tills) await eventually(async () => till.isLiveAt(await stage.head(SHOP)));

  const load = startLoad(stage, SHOP);
  await eventually(() => expect(load.acknowledged.length).toBeGreaterThan(50));
  await broker.kill();
  const before = load.acknowledged.length;
  await stage.truth.check();
  await pause(AWAY_MS);
  expect(load.acknowledged.length).toBeGreaterThan(before + 50);
  for (const till of [...tills, other]) expect((await till.state()).status).not.toBe('live');
  await stage.truth.check();

  const { portOpenAtMs } = await broker.startAgain();
  const acknowledged = await load.stop();
  const head = await stage.head(SHOP);
  const left = (): number => portOpenAtMs + CONVERGED_MS - performance.now();
  await Promise.all([
    ...tills.map((till) => within(left(), () => till.isLiveAt(head))),
    within(left(), async () => other.isLiveAt(await stage.head(OTHER))),
  ]);
  console.log(`all tills were live ${Math.round(performance.now() - portOpenAtMs)} ms after the port opened`);
  await stage.truth.check();

  expect(load.refused).toEqual([]);
  const logged = new Map(
    (await changesOf(stage.databaseUrl, SHOP)).map((each) => [each.version, each.digest]),
  );
  for (const { version, digest } of acknowledged) expect(logged.get(version)).toBe(digest);
  expect(head.version).toBe(logged.size);
}, 300_000);
