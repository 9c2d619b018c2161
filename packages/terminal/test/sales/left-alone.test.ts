import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { silentLogger } from '@tillcast/broker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseTerminalConfig, startTerminal } from '../../src/index.ts';
import { add, Page } from '../counter/page.ts';
import { LICENSE, Stage, type Till } from '../running-till.ts';

/*
 * Whatever happens to the catalog, the license or the program: the sales that wait are there afterwards, the open order
 * too. The backend of this stage takes none, so that they wait.
 */

let stage: Stage;
let till: Till;
/** What the till must still have at the end. */
let sales: unknown;
let orders: unknown;

beforeEach(async () => {
  stage = await Stage.set();
  till = await stage.openLiveTill();
  const page = await Page.open(till.url);
  await page.sell(await page.edit(add('A', 2)));
  await page.sell(await page.edit(add('B')));
  await page.edit(add('C'));
  ({ sales, orders } = await held());
});
afterEach(async () => {
  await till.stop();
  await stage[Symbol.asyncDispose]();
});

async function held(): Promise<{ readonly sales: unknown; readonly orders: unknown }> {
  const page = await Page.open(till.url);
  const [list, open] = [await page.ask('GET', 'sales'), await page.ask('GET', 'orders')];
  expect(await till.state()).toMatchObject({ unsent_sales: 2 });
  const sold = list.body['sales'] as readonly { readonly sale: unknown }[];
  return { sales: sold.map(({ sale }) => sale), orders: open.body['orders'] };
}

async function expectAllThere(): Promise<void> {
  expect(await held()).toEqual({ sales, orders });
}

const catalogFile = (): string => join(stage.dataDir, 'catalog.sqlite');

test('[U22] a full resync, after the server was restored from a backup, leaves the sales alone', async () => {
  stage.catalog.epoch = 'epoch00002';
  await till.syncNow();
  await till.reaches({ epoch: 'epoch00002' });
  await expectAllThere();
});

test('[U22] a license that is suspended leaves the sales alone, and they wait on', async () => {
  stage.backend.refuseWith = 'license_suspended';
  await till.syncNow();
  await till.reaches({ status: 'needs_attention', reason: 'The license is suspended. Call your supplier.' });
  await expectAllThere();
  stage.backend.refuseWith = null;
  await till.syncNow();
  await expectAllThere();
});

test('[U22] a program that keeps the catalog in another way begins it anew, and leaves the sales alone', async () => {
  await till.stop();
  const db = new DatabaseSync(catalogFile());
  db.exec('pragma user_version = 7');
  db.close();
  till = await stage.openTill();
  await till.reaches({ ...stage.catalog.cursor });
  expect(readdirSync(stage.dataDir).some((name) => /^catalog\.sqlite\..*\d/.test(name))).toBe(true);
  await expectAllThere();
});

test('[U22] a sales file of a newer program is refused, not changed: that program finds all of it', async () => {
  await till.stop();
  const path = join(stage.dataDir, 'sales.sqlite');
  const set = (version: number): void => {
    const db = new DatabaseSync(path);
    db.exec(`pragma user_version = ${version}`);
    db.close();
  };
  set(9);
  const config = parseTerminalConfig({ LICENSE_KEY: LICENSE, TILLCAST_DATA_DIR: stage.dataDir });
  await expect(startTerminal(config, { logger: silentLogger })).rejects.toMatchObject({
    code: 'schema_newer',
  });
  expect(existsSync(path)).toBe(true);
  set(1);
  till = await stage.openTill();
  await expectAllThere();
});

test('[U22] a catalog that is garbage is set aside and loaded anew, and the sales are left alone', async () => {
  await till.stop();
  writeFileSync(catalogFile(), Buffer.alloc(64 * 1_024, 0x5a));
  till = await stage.openTill();
  await till.reaches({ ...stage.catalog.cursor });
  await expectAllThere();
});
