import { expect, test } from 'vitest';
import { eventually } from './support/bounds.ts';
import { setStage } from './support/stage.ts';

const SHOP = 'CLOCK-LIFE-SHOP1';
const DAY_MS = 86_400_000;
const SKEWED_CLOCK = new URL('./support/skewed-clock.ts', import.meta.url);

test('[P4] [P6] [R3] tills whose clocks are a day ahead and a day behind follow like the others, by version, and say what is wrong', async () => {
  await using stage = await setStage({ licenses: [SHOP] });
  const open = (name: string, offsetMs: number): ReturnType<typeof stage.openTill> =>
    stage.openTill(SHOP, name, {
      environment: { TILLCAST_TEST_CLOCK_OFFSET_MS: String(offsetMs), LOG_LEVEL: 'warn' },
      preload: [SKEWED_CLOCK],
    });
  const tills = [await open('right', 0), await open('ahead', DAY_MS), await open('behind', -DAY_MS)];
  for (const till of tills) await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  for (let change = 0; change < 30; change += 1) await stage.raisePrice(SHOP);
  const head = await stage.head(SHOP);
  for (const till of tills) {
    await eventually(() => till.isLiveAt(head));
    const versions = (await till.activity()).flatMap(({ version }) => (version === null ? [] : [version]));
    expect(versions, till.name).toEqual(versions.toSorted((a, b) => b - a));
  }
  const [right = '', ahead = '', behind = ''] = tills.map(({ process }) => process.output());
  expect(ahead).toMatch(/clock is 86\d{3} s ahead of the server's: set it/);
  expect(behind).toMatch(/clock is 86\d{3} s behind the server's: set it/);
  expect(right).not.toMatch(/clock is/);
}, 120_000);
