import { expect, test } from 'vitest';
import { eventually } from './support/bounds.ts';
import { setStage } from './support/stage.ts';

const SHOP = 'LOSSY-LIFE-SHOP1';
const OTHER = 'LOSSY-LIFE-SHOP2';

/** Of all messages, this share each. */
const SHARE = 0.2;
const CHANGES = Number(process.env['TILLCAST_TEST_CHANGES'] ?? 250);

test('[P3] [P4] [R3] [R4] with a fifth of the messages lost, a fifth doubled and a fifth late, no older price shows after a newer, and all digests are equal in the end', async () => {
  await using stage = await setStage({ licenses: [SHOP, OTHER], contentEveryMs: 300, seed: 11 });
  const tills = await Promise.all(['one', 'two'].map((name) => stage.openTill(SHOP, name)));
  const other = await stage.openTill(OTHER, 'other');
  const untouched = await stage.head(OTHER);
  for (const till of tills) await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  await eventually(() => other.isLiveAt(untouched));

  stage.tillsToBroker.suffer({
    deliveries: { drop: SHARE, double: SHARE, delay: { share: SHARE, maxMs: 500 } },
  });
  for (let change = 0; change < CHANGES; change += 1) {
    await stage.raisePrice(SHOP);
    if (change % 50 === 0) await stage.truth.check();
  }
  const head = await stage.head(SHOP);
  for (const till of tills) await eventually(() => till.isLiveAt(head));
  await stage.truth.check();

  const { deliveries, dropped, doubled, delayed } = stage.tillsToBroker.tally;
  for (const share of [dropped, doubled, delayed]) expect(share).toBeGreaterThan(deliveries * SHARE * 0.6);
  expect(head.version).toBe(CHANGES + 1);
  await other.isLiveAt(untouched);
  for (const till of tills) {
    const counts = await till.counts();
    expect(counts['gap']).toBeGreaterThan(0);
    expect(counts['stale']).toBeGreaterThan(0);
  }
}, 240_000);
