import { join } from 'node:path';
import { freshDatabase } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { API_KEY } from '../support/system.ts';
import { eventually } from './support/bounds.ts';
import { setStage } from './support/stage.ts';

const SHOP = 'RESTORED-LIFE-SHOP1';
const OTHER = 'RESTORED-LIFE-SHOP2';

// 1. A backup, and changes after it. 2. The database is lost, and what was restored has fewer versions than the tills.
// 3. Changes again, past the versions that the tills held of the lost history.
test('[P3] [P4] [P6] [R6] after the server was restored from an older backup, every till takes the catalog of the new epoch, and none shows what was lost as current', async () => {
  await using stage = await setStage({ licenses: [SHOP, OTHER] });
  await using restored = await freshDatabase();
  const tills = await Promise.all(['one', 'two'].map((name) => stage.openTill(SHOP, name)));
  const off = await stage.openTill(SHOP, 'off meanwhile');
  const other = await stage.openTill(OTHER, 'other');
  const tillcast = async (
    env: Readonly<Record<string, string>>,
    ...argv: readonly string[]
  ): Promise<void> => {
    const { code, err } = await runCommand(argv, { env, cwd: stage.backendDataDir });
    expect(code, err).toBe(0);
  };
  for (let change = 0; change < 20; change += 1) await stage.raisePrice(SHOP);
  for (const till of [...tills, off]) await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  const file = join(stage.backendDataDir, 'backup.gz');
  await tillcast({ TILLCAST_URL: stage.backend().url, TILLCAST_API_KEY: API_KEY }, 'backup', 'create', file);

  for (let change = 0; change < 20; change += 1) await stage.raisePrice(SHOP);
  const lost = await stage.head(SHOP);
  for (const till of [...tills, off]) await eventually(() => till.isLiveAt(lost));
  await stage.truth.check();
  await off.stop();
  await stage.backend().stop();

  await tillcast(
    { DATABASE_URL: restored.url, TILLCAST_DATA_DIR: stage.backendDataDir },
    'backup',
    'restore',
    file,
  );
  await stage.truth.readFrom(restored.url);
  await stage.startBackend(restored.url);
  const head = await stage.head(SHOP);
  expect(head.epoch).not.toBe(lost.epoch);
  expect(head.version).toBeLessThan(lost.version);
  for (const till of tills) await eventually(() => till.isLiveAt(head));
  await eventually(async () => other.isLiveAt(await stage.head(OTHER)));
  await stage.truth.check();

  for (let change = 0; change < 40; change += 1) await stage.raisePrice(SHOP);
  await off.start();
  for (const till of [...tills, off]) await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  await stage.truth.check();
  for (const till of tills) expect((await till.counts())['snapshot']).toBe(2);
}, 240_000);
