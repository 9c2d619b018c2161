import { existsSync } from 'node:fs';
import { open, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { eventually } from './support/bounds.ts';
import { productsOf } from './support/queries.ts';
import { type Stage, setStage } from './support/stage.ts';
import type { StagedTill } from './support/staged-till.ts';

const SHOP = 'DAMAGED-LIFE-SHOP1';
/** The full measure is 200. */
const DAMAGES = Number(process.env['TILLCAST_TEST_DAMAGES'] ?? 40);

async function overwrite(path: string, offset: number, bytes: Buffer): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, offset);
}

/** Damages a file in one of the ways in which disks do. Resolves to what was done. */
async function damage(path: string, random: () => number): Promise<string> {
  const { size } = await stat(path);
  const at = Math.floor(random() * size);
  const length = Math.min(size - at, 1 + Math.floor(random() * 4_096));
  switch (Math.floor(random() * 5)) {
    case 0:
      await overwrite(path, at, Buffer.of(Math.floor(random() * 256)));
      return `one byte at ${at}`;
    case 1:
      await overwrite(path, at, Buffer.alloc(length, 0));
      return `${length} zeros at ${at}`;
    case 2:
      await overwrite(path, at, Buffer.from(Array.from({ length }, () => Math.floor(random() * 256))));
      return `${length} random bytes at ${at}`;
    case 3:
      await truncate(path, at);
      return `cut off at ${at} of ${size}`;
    default:
      await writeFile(path, Buffer.alloc(at, 0x5a));
      return `${at} bytes of something else`;
  }
}

/** What a till shows that can reach nobody: some may be missing, and all only where it says that it has no catalog. */
async function showsNothingWrong(stage: Stage, till: StagedTill, what: string): Promise<void> {
  await stage.truth.check();
  const { status, version } = await till.state();
  expect(status, what).not.toBe('live');
  const { items } = await till.items('product');
  expect(items.length > 0 || version === null, what).toBe(true);
  const known = await productsOf(stage.databaseUrl, SHOP);
  for (const item of items) expect(known, what).toContain(JSON.stringify(item));
}

// Half of the time the till starts while neither server nor broker can be reached: then it has only what it finds. The
// checker sums up what it shows whenever it says that it is live.
test(
  `[P3] [P4] [P6] [T4] of ${DAMAGES} random damages to a till's catalog none is shown, and each is mended`,
  async () => {
    await using stage = await setStage({
      licenses: [SHOP],
      products: 400,
      contentEveryMs: 300,
      contentIsDue: 'live',
    });
    const till = await stage.openTill(SHOP, 'till', { environment: { LOG_LEVEL: 'warn' } });
    await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
    const random = seededRandom(Number(process.env['TILLCAST_TEST_SEED'] ?? 5));
    const lines = [stage.tillsToApi, stage.tillsToBroker];
    let noticed = 0;
    for (let index = 0; index < DAMAGES; index += 1) {
      await till.stop();
      const wal = join(till.dataDir, 'catalog.sqlite-wal');
      const path = existsSync(wal) && random() < 0.3 ? wal : join(till.dataDir, 'catalog.sqlite');
      const what = await damage(path, random);
      const isAlone = index % 2 === 1;
      if (isAlone) for (const line of lines) line.suffer({ traffic: 'held' });
      await till.start();
      if (isAlone) {
        await showsNothingWrong(stage, till, what);
        for (const line of lines) line.heal();
      }
      if (index % 3 === 0) await stage.raisePrice(SHOP);
      const head = await stage.head(SHOP);
      await eventually(async () => {
        const expected = { status: 'live', reason: '', version: head.version, digest: head.digest };
        const log = till.process.output();
        expect(await till.state(), `${what} of ${path}\n${log}`).toMatchObject(expected);
        expect((await till.state()).items.product, what).toBe(400);
      });
      await stage.truth.check();
      const counts = await till.counts();
      if ((counts['catalog_set_aside'] ?? 0) + (counts['repair'] ?? 0) + (counts['snapshot'] ?? 0) > 0)
        noticed += 1;
    }
    console.log(`${noticed} of ${DAMAGES} damages were noticed; the others hit nothing that is in use`);
    expect(noticed).toBeGreaterThan(DAMAGES / 2);
  },
  120_000 + DAMAGES * 15_000,
);
